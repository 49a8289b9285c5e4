package placement_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A standby at a site that does not answer holds its machine there only while it
// may stand there itself.
func TestStandbyThatMayNotWaitThere(t *testing.T) {
	t.Parallel()
	base := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Workloads: []placement.Workload{
		{Name: "db", Service: "p_bs/s", Classification: psn.Critical, Instances: 1, PerInstance: size(2, 16, 100), Sites: []psn.Site{psn.Rozzano}}}}
	base.Sites[0] = psn.SiteInventory{Site: psn.Acilia, Platform: psn.VSphere, Error: "connection refused"}
	base.Current = map[string]placement.Assignment{"db-1": {
		VM: "db-1", Workload: "db", Service: "p_bs/s", Classification: psn.Critical, Resources: size(2, 16, 100),
		Site: psn.Rozzano, Region: psn.Lombardia, Platform: psn.VSphere, Cluster: "c1",
		StandbySite: psn.Acilia, StandbyRegion: psn.Lazio, StandbyPlatform: psn.VSphere, StandbyCluster: "c1",
	}}
	for _, s := range base.Sites {
		for _, c := range s.Clusters {
			if s.Site == psn.Rozzano {
				a := base.Current["db-1"]
				a.Cluster = c.Name
				base.Current["db-1"] = a
			}
		}
	}
	if res := solve(t, base); res.Verdict != placement.Placed || res.Assignments["db-1"] != base.Current["db-1"] {
		t.Errorf("%s: %+v", res.Verdict, res.Assignments)
	}
	for name, narrow := range map[string]func(*placement.Workload){
		"regions":   func(w *placement.Workload) { w.Regions = []psn.Region{psn.Lombardia} },
		"platforms": func(w *placement.Workload) { w.Platforms = []psn.Platform{psn.OpenStack} },
	} {
		req := base
		req.Workloads = []placement.Workload{base.Workloads[0]}
		narrow(&req.Workloads[0])
		res := solve(t, req)
		if a := res.Assignments["db-1"]; a.StandbySite == psn.Acilia {
			t.Errorf("%s: %s with its standby where it may not be: %+v", name, res.Verdict, a)
		}
		if name == "regions" && (res.Verdict != placement.Placed || res.Assignments["db-1"].StandbySite != psn.SantoStefanoTicino) {
			t.Errorf("%s: %s: %+v", name, res.Verdict, res.Assignments)
		}
	}
}
