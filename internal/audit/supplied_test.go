package audit_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/policy"
)

// shared is a plan of two placements, of two tenants, that put one machine each
// on the cluster of Pomezia, by inventories of their own.
func shared() *fixture {
	f := newFixture(1)
	f.add("psn_tenant.milano", object{"id": "p_mi", "name": "Milano", "ipa_code": "p_mi", "fiscal_code": "80008750178", "cup": nil, "sites": []any{"pomezia"}})
	f.add("psn_service.portale", maps.Clone(f.resources["psn_service.sito"]))
	f.edit("psn_service.portale", "id", "p_mi/portale")
	f.edit("psn_service.portale", "tenant_id", "p_mi")
	f.edit("psn_service.portale", "name", "portale")
	f.add("psn_placement.milano", object{
		"id": "p_mi/default", "tenant_id": "p_mi", "name": "default",
		"inventory": []any{object{"site": "pomezia", "platform": "vsphere", "reachable": true, "error": nil, "clusters": []any{object{
			"name": "cluster-1", "vcpus": 100, "memory_mib": 1 << 20, "storage_mib": 1 << 20, "commitments": []any{},
		}}}},
		"workloads": object{"portale": object{
			"service_id": "p_mi/portale", "classification": "ordinary", "instances": 1, "vcpus": 2, "memory_gib": 4, "storage_gib": 50,
		}},
		"assignments": object{"portale-1": object{
			"vm": "portale-1", "workload": "portale", "service_id": "p_mi/portale", "classification": "ordinary",
			"site": "pomezia", "region": "lazio", "platform": "vsphere", "cluster": "cluster-1", "vcpus": 2, "memory_gib": 4, "storage_gib": 50,
		}},
		"verdict": "placed", "findings": []any{}, "policy_digest": policy.Digest(),
	})
	return f
}

const milano = "psn_placement.milano"

// TestSupplyIsSharedByAllPlacements: each placement fits alone, both do not.
func TestSupplyIsSharedByAllPlacements(t *testing.T) {
	t.Parallel()
	const both = "for the machines of psn_placement.brescia and psn_placement.milano"
	for name, tc := range map[string]struct {
		asked, kind        string
		brescia, milano    any // asked for
		atBrescia, atMilan any // recorded
		want               string
	}{
		"GPUs":                           {"gpus", "", 4, 4, 4, 4, "needs 8 GPUs " + both + " and has 4"},
		"GPUs enough":                    {"gpus", "", 4, 4, 8, 8, ""},
		"GPUs enough since":              {"gpus", "", 4, 4, 8, 4, ""},
		"GPUs of one that asks for too":  {"gpus", "", 4, 1, 8, 0, "needs 1 GPUs for the machines of psn_placement.milano and has 0"},
		"GPUs that one knows nothing of": {"gpus", "", 4, nil, 4, nil, ""},
		"storage":                        {"storage_class", "ssd", "ssd", "ssd", 51200, 51200, `needs 102400 MiB of storage of kind "ssd" ` + both + " and has 51200"},
		"storage enough":                 {"storage_class", "ssd", "ssd", "ssd", 102400, 102400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := shared()
			f.edit(placement, "workloads.sito."+tc.asked, tc.brescia)
			f.edit(milano, "workloads.portale."+tc.asked, tc.milano)
			at := f.resources[milano]["inventory"].([]any)[0].(object)["clusters"].([]any)[0].(object)
			supply := func(cluster object, has any) {
				cluster["gpus"] = has
				if tc.kind != "" {
					cluster["gpus"], cluster["storage_classes"] = nil, object{tc.kind: has}
				}
			}
			supply(f.cluster("pomezia"), tc.atBrescia)
			supply(at, tc.atMilan)
			var got []string
			for _, g := range evaluate(t, f.plan(t)).Findings {
				if strings.HasPrefix(g.Rule, "PLC-") || g.Rule == "AUD-001" {
					got = append(got, fmt.Sprint(g.Rule, " ", g.Subject, " ", g.Message))
				}
			}
			if tc.want == "" && len(got) > 0 || tc.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], "PLC-008 pomezia/vsphere/cluster-1") || !strings.Contains(got[0], tc.want)) {
				t.Errorf("got %s, want %q", strings.Join(got, "\n"), tc.want)
			}
		})
	}
}

// What several placements overfill none of them can have recorded: that the
// file was changed is not said.
func TestOverfullTogetherIsNoTampering(t *testing.T) {
	t.Parallel()
	f := shared()
	f.cluster("pomezia")["vcpus"] = 3
	r := evaluate(t, f.plan(t))
	if !find(r, "PLC-008", "pomezia/vsphere/cluster-1", "") {
		t.Error("the cluster is not found overfull")
	}
	if i := slices.IndexFunc(verdicts(r), func(v string) bool { return strings.Contains(v, "AUD-001") }); i >= 0 {
		t.Error(verdicts(r)[i])
	}
}
