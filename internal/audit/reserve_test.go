package audit_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
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

// A reserve that is known after apply only is neither all nor nothing: it is not
// compared.
func TestCompareAnUnknownReserve(t *testing.T) {
	t.Parallel()
	report := func(reserve any, unknown bool) *audit.Report {
		f := newFixture(1)
		if reserve != nil {
			f.edit(placement, "dr_reserve", reserve)
		}
		if unknown {
			f.unknown[placement] = object{"dr_reserve": true}
		}
		return evaluate(t, f.plan(t))
	}
	for name, tc := range map[string]struct {
		was, is *audit.Report
		want    string
	}{
		"not known any more":  {report(50, false), report(nil, true), ""},
		"known by now":        {report(nil, true), report(50, false), ""},
		"never known":         {report(nil, true), report(nil, true), ""},
		"not said, then less": {report(nil, false), report(50, false), "worse dr_reserve p_bs/default: 100 > 50"},
	} {
		got := ""
		for _, c := range changes(audit.Compare(tc.was, tc.is)) {
			if strings.Contains(c, "dr_reserve") {
				got += c
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
