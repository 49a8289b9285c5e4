package openstack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestRemainsOfAMachine: what was made for a machine that somebody deleted by hand
// is told and removed, and nothing of others; while it stands, neither.
func TestRemainsOfAMachine(t *testing.T) {
	for servers, stands := range map[string]bool{`{"servers": [{"id": "s1"}]}`: true, `{"servers": []}`: false} {
		s := newSite(t)
		for n := range 2 {
			s.volumes.put(diskOf("p_bs/db", n, 1))
		}
		s.volumes.put(diskOf("p_bs/app", 8, 1))
		s.volumes.put(object{"id": "data", "name": "data", "size": 1, "status": "available", "metadata": object{"psn.volume": "data"}})
		s.ports.put(object{"id": "k1", "name": "psn:p_bs/db/0", "mac_address": "fa:16:3e:00:00:01", "device_id": "", "project_id": "t1"})
		s.ports.put(object{"id": "k2", "name": "theirs", "device_id": "", "project_id": "t1"})
		s.answer("GET /compute/v2.1/servers", servers)
		at := open(t, s.config(t))
		left, err := at.VMRemains(bounded(t), "p_bs/db")
		if err != nil {
			t.Fatal(err)
		}
		err = at.DeleteVMRemains(bounded(t), "p_bs/db")
		if stands {
			if len(left) > 0 || !psn.Is(err, psn.Conflict) || len(s.volumes.ids()) != 4 {
				t.Errorf("while it stands: %q, %v, %v", left, err, s.volumes.ids())
			}
			continue
		}
		want := []string{"port k1 (fa:16:3e:00:00:01)", `volume old0 "" (1 GiB)`, `volume old1 "" (1 GiB)`}
		if d := cmp.Diff(want, left); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"data", "old8"}, s.volumes.ids()); err != nil || d != "" {
			t.Errorf("%v: %s", err, d)
		}
		if d := cmp.Diff([]string{"k2"}, s.ports.ids()); d != "" {
			t.Error(d)
		}
		if none, err := at.VMRemains(bounded(t), "c_b157/db"); err != nil || len(none) > 0 {
			t.Errorf("of a tenant that is not here: %q, %v", none, err)
		}
	}
}
