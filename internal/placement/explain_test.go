package placement_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A site that does not answer and that is excluded whole keeps nobody waiting.
func TestExcludedSilenceFailsNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		x    []placement.Exclusion
		want placement.Verdict
	}{
		"none":           {nil, placement.NotFound},
		"site":           {[]placement.Exclusion{{Site: psn.Acilia, Reason: "works"}}, placement.Placed},
		"platform":       {[]placement.Exclusion{{Site: psn.Acilia, Platform: psn.VSphere, Reason: "works"}}, placement.Placed},
		"other platform": {[]placement.Exclusion{{Site: psn.Acilia, Platform: psn.OpenStack, Reason: "works"}}, placement.NotFound},
		"other site":     {[]placement.Exclusion{{Site: psn.Pomezia, Reason: "works"}}, placement.NotFound},
		"a cluster":      {[]placement.Exclusion{{Site: psn.Acilia, Platform: psn.VSphere, Cluster: "c1", Reason: "works"}}, placement.NotFound},
	} {
		req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Excluded: tc.x, Workloads: []placement.Workload{
			{Name: "db", Service: "p_bs/s", Classification: psn.Strategic, Instances: 2, PerInstance: size(2, 16, 100)}}}
		req.Sites[0] = psn.SiteInventory{Site: psn.Acilia, Platform: psn.VSphere, Error: "connection refused"}
		if res := solve(t, req); res.Verdict != tc.want {
			t.Errorf("%s: %s, want %s: %v", name, res.Verdict, tc.want, res.Explanation)
		}
	}
}
