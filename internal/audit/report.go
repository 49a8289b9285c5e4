package audit

import (
	"fmt"
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Report is what an audit came to. Its JSON form is stable and described by
// examples/audit/report.schema.json.
type Report struct {
	Document Document  `json:"document"`
	State    *Document `json:"state"` // what a plan was compared with, null when nothing

	Program      string        `json:"program"` // version of the program that judged
	PolicyDigest string        `json:"policy_digest"`
	EvaluatedAt  time.Time     `json:"evaluated_at"`
	Subjects     Subjects      `json:"subjects"`
	Tenants      []Tenant      `json:"tenants"`
	Services     []Service     `json:"services"`
	Machines     []Machine     `json:"machines"`
	Headroom     []Room        `json:"headroom"`
	Actions      []Action      `json:"actions"`
	Checks       []Check       `json:"checks"`
	Derogations  []Derogation  `json:"derogations"`
	Schedule     []Schedule    `json:"schedule"`
	Usage        []Usage       `json:"usage"`
	Papers       []Paper       `json:"papers"`
	Rules        []RuleOutcome `json:"rules"`
	Findings     []psn.Finding `json:"findings"`
	Counts       Counts        `json:"counts"`
	// Limits names what an audit of this file cannot detect: LimitSignature, ….
	Limits []Limit `json:"limits"`
	// Addresses are those of the resources that speak of a subject, sorted: of a
	// cluster, the psn_placement that uses it; of a derogation, who invokes it.
	Addresses map[string][]string `json:"addresses"`
	// NotCompared lists what the configuration makes of references, and of which
	// the file does not tell how: "address: attribute (references); …".
	NotCompared []string `json:"not_compared"`

	asks  map[ask]string // what placements ask for, for a comparison
	whole map[string]bool
}

// Document identifies the input.
type Document struct {
	Kind          Kind   `json:"kind"`
	FormatVersion string `json:"format_version"`
	ToolVersion   string `json:"tool_version"`
	Digest        string `json:"digest"` // "sha256:<hex>" of the file
	Bytes         int64  `json:"bytes"`
	// Timestamp is when it was made; zero when the file does not say.
	Timestamp time.Time `json:"timestamp,omitzero"`
}

// Subjects counts what was judged.
type Subjects struct {
	Tenants  int `json:"tenants"`
	Services int `json:"services"`
	Machines int `json:"machines"`
	Replicas int `json:"replicas"`
}

// RuleOutcome is what one rule came to over all subjects: "passed", "failed",
// "undecidable", "derogated", or "not applied" when the file has nothing it speaks of.
type RuleOutcome struct {
	ID      string `json:"id"`
	Outcome string `json:"outcome"`
}

// Counts sums the report up. A finding that could not be decided, or was set
// aside by a derogation, is counted as that only, whatever its severity.
type Counts struct {
	RulesPassed      int `json:"rules_passed"`
	RulesFailed      int `json:"rules_failed"`
	RulesUndecidable int `json:"rules_undecidable"`
	RulesDerogated   int `json:"rules_derogated"` // set aside wherever they failed
	RulesNotApplied  int `json:"rules_not_applied"`
	Errors           int `json:"errors"`
	Warnings         int `json:"warnings"`
	Infos            int `json:"infos"`
	Undecidable      int `json:"undecidable"`
	Derogated        int `json:"derogated"`
}

// Rule outcomes besides those of a finding.
const (
	outcomePassed     = "passed"
	outcomeNotApplied = "not applied"
)

// Failed reports whether a rule of severity error was failed, or could not be
// decided: such a rule was not passed, and a plan that stopped at an error is
// no plan to approve.
func (r *Report) Failed() bool { return r.Counts.Errors+r.Open() > 0 }

// Open counts the findings of severity error that could not be decided.
func (r *Report) Open() int {
	n := 0
	for _, f := range r.Findings {
		if f.Outcome == psn.Undecidable && f.Severity == psn.SeverityError {
			n++
		}
	}
	return n
}

// Option says more of what is to be judged.
type Option func(*options)

type options struct {
	state   *File
	program string
}

// Against compares a plan with a state, read from the file of it.
func Against(state *File) Option { return func(o *options) { o.state = state } }

// Program names the version of the program that judges.
func Program(version string) Option { return func(o *options) { o.program = version } }

// Evaluate derives every finding of f. now stands for the instant of a file
// that carries none, and tells a file from the future; zero when there is no
// clock. It fails with psn.InvalidInput when attributes are not of
// the provider's types, or when what f is compared with is not a state.
func Evaluate(f *File, now time.Time, opts ...Option) (*Report, error) {
	var o options
	for _, set := range opts {
		set(&o)
	}
	at := f.Timestamp
	if at.IsZero() {
		at = now
	}
	changes, values, differences := viewsOf(f)
	s, err := read(changes, at)
	if err != nil {
		return nil, err
	}
	findings := append(differences, derive(s)...)
	if len(differences) > 0 {
		// Where the parts disagree, a rule broken in any of them counts.
		other, err := read(values, at)
		if err != nil {
			return nil, err
		}
		findings = append(findings, derive(other)...)
	}
	findings = append(findings, recorded(changes, findings, s)...)
	findings = append(findings, recordedRoom(changes, s)...)
	findings = append(findings, againstReadings(f)...)
	findings = append(findings, decisions(f)...)
	findings = append(findings, silent(s.doc)...)
	findings = append(findings, changed(f)...)
	gone, err := dismissed(f, at)
	if err != nil {
		return nil, err
	}
	findings = append(findings, gone...)
	findings = append(findings, checked(f)...)
	findings = append(findings, completeness(f, now)...)
	r := &Report{
		Document:     documentOf(f),
		Program:      o.program,
		PolicyDigest: policy.Digest(),
		EvaluatedAt:  at.UTC(),
		Subjects:     Subjects{len(s.doc.Tenants), len(s.doc.Services), len(s.doc.Machines), len(s.doc.Replicas)},
		Actions:      actionsOf(f),
		Checks:       append([]Check{}, f.Checks...),
	}
	if o.state != nil {
		drift, err := compareState(f, o.state)
		if err != nil {
			return nil, err
		}
		findings = append(findings, drift...)
		d := documentOf(o.state)
		r.State = &d
	}
	r.Findings = append([]psn.Finding{}, sorted(findings)...)
	r.describe(s)
	r.papers(s.doc)
	r.Addresses = addressesOf(changes, r.Findings)
	r.count(s, f, o.state != nil)
	r.NotCompared = notCompared(f)
	r.asks, r.whole = askedIn(changes)
	r.Limits = limitsOf(r, f)
	return r, nil
}

func documentOf(f *File) Document {
	return Document{f.Kind, f.FormatVersion, f.ToolVersion, f.Digest, f.Bytes, f.Timestamp}
}

// derive applies every rule to one view.
func derive(s *subjects) []psn.Finding {
	var out []psn.Finding
	for _, inv := range s.inventories {
		s.rooms = append(s.rooms, headroom(inv, s.seats, s.region)...)
		out = append(out, unplaced(inv, s.seats)...)
	}
	for _, r := range s.rooms {
		out = append(out, withoutMargin(r)...)
		if r.LostRegion != "" { // the rule set knows of the loss of one site
			out = append(out, withoutRegion(r)...)
			continue
		}
		s.doc.Headroom = append(s.doc.Headroom, policy.Headroom{Site: r.Site, Platform: r.Platform, Cluster: r.Cluster, Lost: r.Lost, Free: r.Free, Reserved: r.reserved})
	}
	return append(s.undecide(append(out, policy.Evaluate(s.doc)...)), s.findings...)
}

// clockSkew is how far the clocks of who plans and who audits may be apart.
const clockSkew = 24 * time.Hour

// completeness reports what of the file could not be judged.
func completeness(f *File, now time.Time) []psn.Finding {
	var out []psn.Finding
	if f.Errored {
		stopped := ruleComplete.undecidable("plan", "the plan stopped at an error: what comes after it is not in the file")
		stopped.Severity = psn.SeverityError
		out = append(out, stopped)
	}
	if f.Kind == KindPlan && !f.HasConfiguration {
		out = append(out, ruleComplete.undecidable("plan", "the configuration, which every plan holds, is not in the file: what is planned could not be compared with it"))
	}
	if f.Kind == KindPlan && f.HasPsnReadings && len(f.Readings) == 0 && len(f.Prior) == 0 && !f.Errored {
		out = append(out, ruleComplete.undecidable("plan", "the configuration reads data.psn_inventory, but the file has no prior_state with what it read: an inventory that was changed is not detectable"))
	}
	if !now.IsZero() && f.Timestamp.After(now.Add(clockSkew)) {
		out = append(out, ruleComplete.undecidable("plan", fmt.Sprintf("the file says that it was made at %s, which is still to come: what has expired was judged on that day", f.Timestamp.UTC().Format(time.RFC3339))))
	}
	if f.Incomplete && !f.Errored {
		out = append(out, ruleComplete.undecidable("plan", "the plan leaves changes to a later plan: they are not in the file"))
	}
	for _, address := range f.Lookalikes {
		out = append(out, ruleComplete.undecidable(address, "the resource is of a psn type but another provider serves it: it was not read"))
	}
	return out
}
