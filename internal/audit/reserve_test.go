package audit_test

import (
	"strings"
	"testing"
)

// The clusters of the fixture have room for what they run and take over, and no
// more: a placement that asks for a margin is held to it. One that keeps less is
// told of what is short with all of it, for that is what the loss needs.
func TestReserveOfAPlacement(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reserve any
		vcpus   int // of the cluster at acilia, which runs 2 and takes over 2
		want    string
	}{
		"not said":                     {nil, 4, ""},
		"all":                          {100, 4, ""},
		"a margin that is there":       {150, 5, ""},
		"a margin that is not there":   {150, 4, "if rozzano is lost, cluster cluster-1 at acilia (vsphere) has not the margin that dr_reserve asks for: -1 vCPUs"},
		"half, and all is there":       {50, 4, ""},
		"half, and half is there":      {50, 3, "if rozzano is lost, cluster cluster-1 at acilia (vsphere) is short by 1 vCPU for the standbys it would start"},
		"more than the provider takes": {9999, 4, "has not the margin that dr_reserve asks for: -6 vCPUs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(1)
			for _, s := range []string{"pomezia", "rozzano", "santo-stefano-ticino"} {
				f.cluster(s)["vcpus"], f.cluster(s)["memory_mib"] = 100, 1<<20
			}
			f.cluster("acilia")["vcpus"], f.cluster("acilia")["memory_mib"] = tc.vcpus, 1<<20
			f.edit(placement, "dr_reserve", tc.reserve)
			got := ""
			for _, v := range evaluate(t, f.plan(t)).Findings {
				if v.Rule == "PLC-006" && v.Subject == "acilia/vsphere/cluster-1" {
					got += v.Message
				}
			}
			if got != tc.want && (tc.want == "" || !strings.Contains(got, tc.want)) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
