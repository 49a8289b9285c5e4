package openstack_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// guardedSite is a site with security groups and a machine, db, that has a card.
func guardedSite(t *testing.T, groups ...object) *site {
	t.Helper()
	s := newSite(t)
	all := s.keep("/network/v2.0/security-groups", "/network/v2.0/security-groups", "security_group", "sg")
	for _, g := range groups {
		if g["project_id"] == nil {
			g["project_id"] = "t1"
		}
		all.put(g)
	}
	s.servers.put(object{
		"id": "s1", "name": "db", "status": "SHUTOFF", "tenant_id": "t1", "OS-EXT-AZ:availability_zone": "az1",
		"flavor": object{"vcpus": 1, "ram": 512}, "metadata": object{"psn.id": "p_bs/db"},
	})
	s.ports.put(object{"id": "k0", "name": "psn:p_bs/db/0", "device_id": "s1", "project_id": "t1", "network_id": "n1", "mac_address": "fa:16:3e:00:00:01"})
	s.mux.HandleFunc("POST /compute/v2.1/servers/s1/os-interface", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return s
}

// TestSecurityGroupOfAName: a name that several groups have means the one made
// here, and is refused when it is not clear which that is.
func TestSecurityGroupOfAName(t *testing.T) {
	ours := []any{"psn"}
	for name, c := range map[string]struct {
		groups []object
		word   string
		want   string
		says   []string
	}{
		"only one":           {[]object{{"id": "a", "name": "web"}}, "web", "a", nil},
		"by its id":          {[]object{{"id": "a", "name": "web"}, {"id": "b", "name": "web"}}, "b", "b", nil},
		"one of them ours":   {[]object{{"id": "a", "name": "web", "tags": ours}, {"id": "b", "name": "web"}}, "web", "a", nil},
		"several, none ours": {[]object{{"id": "a", "name": "web"}, {"id": "b", "name": "web"}}, "web", "", []string{`security group "b", made`, "id"}},
		"several ours":       {[]object{{"id": "a", "name": "web", "tags": ours}, {"id": "b", "name": "web", "tags": ours}}, "web", "", []string{`security group "b", made`}},
		"another's":          {[]object{{"id": "a", "name": "web", "project_id": "t9"}, {"id": "b", "name": "db"}}, "web", "", []string{`"web"`, `"db"`}},
		"another's by id":    {[]object{{"id": "a", "name": "web", "project_id": "t9"}}, "a", "", []string{`"a" does not exist`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := guardedSite(t, c.groups...)
			groups := []string{c.word}
			err := open(t, s.config(t)).UpdateVM(bounded(t), "s1", driver.VMChange{SecurityGroups: &groups})
			if (err == nil) != (c.want != "") || err != nil && !psn.Is(err, psn.InvalidInput) {
				t.Fatal(err)
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%v; it should say %s", err, text)
				}
			}
			var want any
			if c.want != "" {
				want = []any{c.want}
			}
			if d := cmp.Diff(want, s.ports.all["k0"]["security_groups"]); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestCardsAreGuarded: every card of a machine has its groups, also one that an
// earlier try made without.
func TestCardsAreGuarded(t *testing.T) {
	s := guardedSite(t, object{"id": "a", "name": "web"}, object{"id": "b", "name": "default"})
	s.ports.put(object{"id": "k9", "name": "psn:p_bs/db/1", "project_id": "t1", "network_id": "n1", "device_id": "", "security_groups": []any{"b"}})
	groups := []string{"web"}
	err := open(t, s.config(t)).UpdateVM(bounded(t), "s1", driver.VMChange{
		NICs: []driver.NICSpec{{Network: "front"}, {Network: "front"}, {Network: "front"}}, SecurityGroups: &groups,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for id, k := range s.ports.all {
		got[id] = k["security_groups"]
	}
	if len(got) != 3 {
		t.Errorf("ports: %v", got)
	}
	for id, g := range got {
		if cmp.Diff([]any{"a"}, g) != "" {
			t.Errorf("port %s has groups %v", id, g)
		}
	}
}

// TestGroupsAreToldApart: a group is told by its name only where that means it.
func TestGroupsAreToldApart(t *testing.T) {
	s := guardedSite(t, object{"id": "a", "name": "web", "tags": []any{"psn"}}, object{"id": "b", "name": "web"}, object{"id": "c", "name": "db"})
	at := open(t, s.config(t))
	for want, has := range map[string][]any{"b db": {"b", "c"}, "web": {"a"}, "x": {"x"}} {
		s.ports.mu.Lock()
		s.ports.all["k0"]["security_groups"] = has
		s.ports.mu.Unlock()
		vm, err := at.DescribeVM(bounded(t), "s1")
		if err != nil || strings.Join(vm.SecurityGroups, " ") != want {
			t.Errorf("%v is told as %+v, %v; want %q", has, vm, err, want)
		}
	}
}
