package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestRulesAreComplete(t *testing.T) {
	want := strings.Fields(`CLS-001 CLS-002 CLS-003 CLS-004 LVL-001 LVL-002 LVL-003 LOC-001 LOC-002 LOC-003
		PLC-001 PLC-002 PLC-003 PLC-004 PLC-005 PLC-006 PLC-007 PLC-008 PLC-009 REP-001 REP-002 REP-003 BKP-001 BKP-002 KEY-001 KEY-002 ACC-001 ACC-002
		MIG-001 MIG-002 MIG-003 MIG-004 MIG-005 FND-001 FND-002 FND-003 FND-004 FND-005 FND-006 FND-007
		EVI-001 EVI-002 EVI-003 EVI-004 EVI-005 EVI-006 EVI-007 EVI-008 EVI-009 ATT-001 IDN-001 IDN-002 IDN-003 INV-001 DER-001 DER-002 DER-003`)
	var got []string
	for _, r := range policy.Rules() {
		got = append(got, r.ID)
		if r.Text("it") == "" || r.Text("en") == "" || r.Text("it") == r.Text("en") || r.Citation == "" {
			t.Errorf("%s: a text or the citation is missing: %+v", r.ID, r)
		}
		switch r.Severity {
		case psn.SeverityError, psn.SeverityWarning, psn.SeverityInfo:
		default:
			t.Errorf("%s: severity %q", r.ID, r.Severity)
		}
		switch r.Basis {
		case psn.BasisLaw, psn.BasisFunding, psn.BasisMeasure:
		case psn.BasisProject:
			if !strings.HasPrefix(r.Citation, "regola di progetto, non di legge") {
				t.Errorf("%s: a project rule must say that it is one: %q", r.ID, r.Citation)
			}
		default:
			t.Errorf("%s: basis %q", r.ID, r.Basis)
		}
		if strings.Contains(strings.ToLower(r.Italian+r.English+r.Citation), "conform") {
			t.Errorf("%s: claims conformity", r.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if _, ok := policy.RuleOf("XYZ-001"); ok {
		t.Error("RuleOf knows a rule that does not exist")
	}
}

func TestRulesAreCopies(t *testing.T) {
	policy.Rules()[0].ID = "changed"
	r, _ := policy.RuleOf("PLC-004")
	r.Parameters[0].Default = 7
	if again, _ := policy.RuleOf("PLC-004"); again.Parameters[0].Default != 0 || policy.Rules()[0].ID != "CLS-001" {
		t.Error("a caller can change the rules")
	}
}

func TestDigest(t *testing.T) {
	plain := policy.Digest()
	if !strings.HasPrefix(plain, "sha256:") || len(plain) != 71 || plain != policy.Digest() {
		t.Fatalf("digest %q", plain)
	}
	if policy.Digest(policy.MinDRKilometres(0)) != plain {
		t.Error("naming the default changes the digest")
	}
	seen := map[string]bool{plain: true}
	for _, o := range []policy.Option{policy.MinDRKilometres(500), policy.MaxSyncKilometres(50), policy.MaxTestAge(90 * 24 * time.Hour)} {
		if d := policy.Digest(o); seen[d] {
			t.Error("a parameter does not change the digest")
		} else {
			seen[d] = true
		}
	}
}

// Findings that the placement words itself must agree with the rule data.
func TestPlacementFindingsMatchTheRules(t *testing.T) {
	small := []psn.SiteInventory{{Site: psn.Acilia, Platform: psn.VSphere, Clusters: []psn.Cluster{{Name: "c", Capacity: psn.Resources{VCPUs: 4, MemoryMiB: 4096, StorageMiB: 4096}}}}}
	one := placement.Workload{Name: "w", Service: "p_bs/s", Classification: psn.Ordinary, Instances: 1, PerInstance: psn.Resources{VCPUs: 8, MemoryMiB: 1, StorageMiB: 1}}
	pinned, paired := one, one
	pinned.Sites, pinned.Regions = []psn.Site{psn.Acilia}, []psn.Region{psn.Lombardia}
	paired.Classification, paired.Regions = psn.Strategic, []psn.Region{psn.Lazio}
	for _, w := range []placement.Workload{one, pinned, paired} {
		res, err := placement.Solve(placement.Request{Tenant: "p_bs", Workloads: []placement.Workload{w}, Sites: small})
		if err != nil || len(res.Findings) == 0 {
			t.Fatalf("%+v: %v", res, err)
		}
		for _, f := range res.Findings {
			r, ok := policy.RuleOf(f.Rule)
			if !ok || r.Basis != f.Basis || !strings.HasPrefix(r.Citation, f.Citation) || f.Remedy == "" {
				t.Errorf("finding %+v does not match rule %+v", f, r)
			}
		}
	}
}
