package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// verdict identifies a finding whatever its wording.
type verdict struct{ rule, subject string }

// The verdicts a psn_placement records; a plan that only grew worse by itself may
// carry the other two.
const verdictPlaced = "placed"

var recordedVerdicts = []string{verdictPlaced, "proven infeasible", "not found within budget"}

// recorders are the attributes in which a resource always records its verdict.
var recorders = map[string][]string{"psn_placement": {"verdict", "findings", "policy_digest"}, "psn_service": {"findings"}}

// unrecorded reports verdicts that the provider cannot have written: it fills
// these attributes whenever they are known, and knows three verdicts.
func unrecorded(v view, r Resource) []psn.Finding {
	var out []psn.Finding
	for _, name := range recorders[r.Type] {
		if !v.present(name) && !v.unknownAt(name) {
			out = append(out, ruleRecorded.finding(r.Address, fmt.Sprintf("attribute %s is empty, but the provider always fills it: the file was changed after it was written", name)))
		}
	}
	if written := v.text("verdict"); r.Type == "psn_placement" && written != "" && !slices.Contains(recordedVerdicts, written) {
		out = append(out, ruleRecorded.finding(r.Address, fmt.Sprintf("the recorded verdict is %q, which is none of the provider's: the file was changed after it was written", written)))
	}
	return out
}

// recorded compares what resources say of themselves (findings, verdict,
// policy_digest) with what was derived from their attributes, of which s is made.
func recorded(resources []Resource, derived []psn.Finding, s *subjects) []psn.Finding {
	written := map[verdict]bool{}
	judged := false // some resource carries findings that are known
	var out []psn.Finding
	var placed []string          // addresses that record the verdict "placed"
	refused := false             // a placement keeps what stands and records that it no longer fits
	broken := map[verdict]bool{} // not passed, whether a derogation sets it aside or not
	for _, f := range derived {
		if f.Outcome == psn.Failed || f.Outcome == psn.Derogated {
			broken[verdict{f.Rule, f.Subject}] = true
			if tenant, _, _ := strings.Cut(f.Subject, "/"); f.Rule == ruleQuota.id {
				broken[verdict{ruleOverfull, tenant}] = true // as a placement tells that the quota does not suffice
			}
		}
	}
	var typeErr error
	for _, r := range resources {
		v := viewOf(r, &typeErr)
		if d := v.text("policy_digest"); d != "" && d != policy.Digest() {
			out = append(out, ruleDigest.finding(r.Address, fmt.Sprintf("the rules of the file are %s, those of this program %s", d, policy.Digest())))
		}
		out = append(out, unrecorded(v, r)...)
		if v.text("verdict") == verdictPlaced {
			placed = append(placed, r.Address)
		}
		declined := r.Type == "psn_placement" && v.present("verdict") && v.text("verdict") != verdictPlaced
		refused = refused || declined
		if !v.present("findings") {
			continue
		}
		judged = true
		for _, f := range v.list("findings") {
			outcome := psn.Outcome(f.text("outcome"))
			if outcome != psn.Failed && outcome != psn.Derogated {
				continue
			}
			// A derogation in force when the plan was made may have expired since:
			// the rule is recorded as not passed all the same.
			key := verdict{f.text("rule"), f.text("subject")}
			written[key] = true
			// What could not be placed is told of the request, not of the machines.
			if !broken[key] && !(declined && strings.HasPrefix(key.rule, "PLC-")) {
				g := ruleRecorded.finding(key.subject, fmt.Sprintf("%s records %s as not passed, but that does not follow from the file", r.Address, key.rule))
				g.Severity = psn.SeverityWarning
				out = append(out, g)
			}
		}
	}
	if !judged {
		return out
	}
	said := map[verdict]bool{}
	for _, f := range derived {
		ofCluster := f.Rule == ruleReserve || f.Rule == ruleOverfull
		if ofCluster && len(s.tenancy[f.Subject]) > 1 {
			continue // each placement knows of its own machines alone: none can record it
		}
		if key := (verdict{f.Rule, f.Subject}); ofCluster && f.Outcome == psn.Failed && !written[key] && !said[key] {
			said[key] = true
			for _, address := range placed {
				out = append(out, ruleRecorded.finding(address, fmt.Sprintf("the recorded verdict is \"placed\", but %s is not passed: %s", f.Rule, f.Message)))
			}
		}
		// The audit's own rules are known to no provider.
		if isAuditRule(f.Rule) || wider(f, s.doc) || refused && ofCluster {
			continue
		}
		if f.Outcome == psn.Failed && f.Severity == psn.SeverityError && !written[verdict{f.Rule, f.Subject}] {
			out = append(out, ruleRecorded.finding(f.Subject, fmt.Sprintf("%s is not passed, but no resource of the file records that: the file was changed after it was written", f.Rule)))
		}
	}
	return out
}

// wider reports whether a rule fails for what other resources say than the one
// that would record it: a psn_service knows neither its machines nor what the
// other services speak of. A derogation expires after it was recorded.
func wider(f psn.Finding, doc policy.Document) bool {
	if f.Rule == "EVI-004" || strings.HasPrefix(f.Rule, "DER-") {
		return true
	}
	topic := policy.TopicOf(f.Rule)
	if topic == "" {
		return false
	}
	i := slices.IndexFunc(doc.Services, func(s policy.Service) bool { return string(s.ID) == f.Subject })
	return i >= 0 && !policy.Document{Services: doc.Services[i : i+1]}.Speaks(topic)
}

// recordedRoom compares the headroom a psn_placement records with what the
// recorded inventory and the places of the file lead to. Only where the file
// has one placement and every machine is of it: others would share clusters.
func recordedRoom(resources []Resource, s *subjects) []psn.Finding {
	var typeErr error
	var placement *view
	for _, r := range resources {
		switch r.Type {
		case "psn_placement":
			if placement != nil {
				return nil
			}
			v := viewOf(r, &typeErr)
			placement = &v
		case "psn_virtual_machine", "psn_replica":
			if _, ok := s.placed[psn.VMID(subjectOf(r))]; !ok {
				return nil
			}
		}
	}
	if placement == nil || !placement.present("headroom") || placement.unknownAt("headroom") {
		return nil
	}
	type scenario struct {
		spot
		loss
	}
	derived := map[scenario]psn.Resources{}
	for _, r := range s.rooms {
		derived[scenario{spot{r.Site, r.Platform, r.Cluster}, loss{r.Lost, r.LostRegion}}] = r.Free
	}
	warn := func(format string, args ...any) []psn.Finding {
		f := ruleRecorded.finding(placement.where, fmt.Sprintf(format, args...))
		f.Severity = psn.SeverityWarning
		return []psn.Finding{f}
	}
	written := map[scenario]bool{}
	for _, h := range placement.list("headroom") {
		key := scenario{spot{psn.Site(h.text("site")), psn.Platform(h.text("platform")), h.text("cluster")}, loss{psn.Site(h.text("lost_site")), psn.Region(h.text("lost_region"))}}
		written[key] = true
		free, ok := derived[key]
		if left := amounts(h); ok && left != free {
			return warn("the recorded headroom of %s is %s, the file leads to %s", key.spot, inUnits(left), inUnits(free))
		}
	}
	for _, r := range s.rooms {
		if at := (spot{r.Site, r.Platform, r.Cluster}); !written[scenario{at, loss{r.Lost, r.LostRegion}}] {
			return warn("the recorded headroom leaves out %s, which the machines of the file use", at)
		}
	}
	return nil
}
