package platformtest

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func securityGroupsOf(t testing.TB, s driver.Site, id psn.TenantID) []driver.SecurityGroup {
	t.Helper()
	all, err := as[driver.SecurityGroups](t, s).SecurityGroups(within(t))
	if err != nil {
		t.Fatalf("security groups: %v", err)
	}
	var out []driver.SecurityGroup
	for _, g := range all {
		if g.Tenant == id && g.Name != "default" {
			out = append(out, g)
		}
	}
	return out
}

// webGroup has its rules in the order in which they are observed.
func webGroup(id psn.TenantID) driver.SecurityGroupSpec {
	return driver.SecurityGroupSpec{Tenant: id, Name: "web", Description: "sportello", Rules: []driver.SecurityRule{
		{Direction: "ingress", Protocol: "icmp", CIDR: "fd00::/8"},
		{Direction: "ingress", Protocol: "tcp", FirstPort: 443, LastPort: 443, CIDR: "0.0.0.0/0", Description: "https"},
		{Direction: "ingress", Protocol: "tcp", FirstPort: 5432, LastPort: 5439, Group: "self"},
		{Direction: "egress", Protocol: "132", IPv6: true},
		{Direction: "egress", Protocol: "udp", FirstPort: 53, LastPort: 53},
	}}
}

func testSecurityGroup(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.SecurityGroups](t, s)
	id := h.ownTenant(t, s)
	spec := webGroup(id)
	want := driver.SecurityGroup{SecurityGroupSpec: webGroup(id)}
	slices.Reverse(spec.Rules) // a set: order means nothing
	made, err := o.CreateSecurityGroup(within(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	want.Ref = made.Ref
	if d := cmp.Diff(want, *made); d != "" || made.Ref == "" {
		t.Errorf("made, with no rule but those declared: %s", d)
	}
	again, err := as[driver.SecurityGroups](t, h.open(t)).CreateSecurityGroup(within(t), webGroup(id))
	if err != nil || cmp.Diff(want, *again) != "" {
		t.Fatalf("made again: %+v, %v", again, err)
	}
	if d := cmp.Diff([]driver.SecurityGroup{want}, securityGroupsOf(t, s, id)); d != "" {
		t.Errorf("listed: %s", d)
	}
	other := webGroup(id)
	other.Rules = other.Rules[:3]
	_, err = o.CreateSecurityGroup(within(t), other)
	wantCode(t, err, psn.AlreadyExists)
	wantText(t, err, "web", "2 of its rules")
	// A group may name another one of the tenant.
	db := driver.SecurityGroupSpec{Tenant: id, Name: "db", Rules: []driver.SecurityRule{{Direction: "ingress", Protocol: "tcp", FirstPort: 5432, LastPort: 5432, Group: "web"}}}
	made2, err := o.CreateSecurityGroup(within(t), db)
	if err != nil || cmp.Diff(db, made2.SecurityGroupSpec) != "" {
		t.Fatalf("group that names another: %+v, %v", made2, err)
	}
	for name, c := range map[string]struct {
		rule driver.SecurityRule
		says string
	}{
		"direction": {driver.SecurityRule{Direction: "in"}, `"in"`},
		"group":     {driver.SecurityRule{Direction: "ingress", Group: "nix"}, `"nix"`},
		"ports":     {driver.SecurityRule{Direction: "ingress", Protocol: "tcp", FirstPort: 2, LastPort: 1}, "ports 2 to 1"},
	} {
		_, err := o.UpdateSecurityGroup(within(t), made2.Ref, driver.SecurityGroupSpec{Tenant: id, Name: "db", Rules: []driver.SecurityRule{c.rule}})
		if !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%s: %v, want code %s", name, err, psn.InvalidInput)
		}
		wantText(t, err, c.says)
	}
	if got := securityGroupsOf(t, s, id); len(got) != 2 || cmp.Diff(*made2, got[0]) != "" {
		t.Errorf("refused updates changed something: %+v", got)
	}
	for _, ref := range []string{made2.Ref, made.Ref, made.Ref} {
		if err := o.DeleteSecurityGroup(within(t), ref); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if left := securityGroupsOf(t, s, id); len(left) != 0 {
		t.Errorf("after delete: %+v", left)
	}
	_, err = o.UpdateSecurityGroup(within(t), made.Ref, webGroup(id))
	wantCode(t, err, psn.NotFound)
}

// testSecurityGroupAtOnce: one stands afterwards, as declared.
func testSecurityGroupAtOnce(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	ref := atOnce(t, h, func(s driver.Site) (string, error) {
		g, err := as[driver.SecurityGroups](t, s).CreateSecurityGroup(within(t), webGroup(id))
		if err != nil {
			return "", err
		}
		return g.Ref, nil
	})
	if d := cmp.Diff([]driver.SecurityGroup{{SecurityGroupSpec: webGroup(id), Ref: ref}}, securityGroupsOf(t, s, id)); d != "" {
		t.Errorf("listed: %s", d)
	}
	if again, err := as[driver.SecurityGroups](t, s).CreateSecurityGroup(within(t), webGroup(id)); err != nil || again.Ref != ref {
		t.Errorf("made again: %+v, %v", again, err)
	}
}

// testSecurityGroupChanges: an update touches only what differs.
func testSecurityGroupChanges(t *testing.T, h *Harness) {
	var c cutter
	s := h.openAs(t, Access{Wrap: c.Wrap})
	o := as[driver.SecurityGroups](t, s)
	id := h.ownTenant(t, s)
	spec := webGroup(id)
	made, err := o.CreateSecurityGroup(within(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	update := func(spec driver.SecurityGroupSpec) (deleted int) {
		t.Helper()
		c.arm(0, false)
		got, err := o.UpdateSecurityGroup(within(t), made.Ref, spec)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(driver.SecurityGroup{SecurityGroupSpec: spec, Ref: made.Ref}, *got); d != "" {
			t.Errorf("updated: %s", d)
		}
		for _, m := range c.sent() {
			if m == http.MethodDelete {
				deleted++
			}
		}
		return deleted
	}
	if n := update(spec); n != 0 {
		t.Errorf("an update that changes nothing deleted %d rules", n)
	}
	more := webGroup(id)
	more.Rules = append(more.Rules, driver.SecurityRule{Direction: "egress", Protocol: "udp", FirstPort: 123, LastPort: 123})
	if n := update(more); n != 0 {
		t.Errorf("one more rule deleted %d", n)
	}
	more.Description = ""
	more.Rules = slices.Delete(more.Rules, 1, 2)
	if n := update(more); n != 1 {
		t.Errorf("one rule less deleted %d", n)
	}
	more.Rules[1].Description = "database"
	if n := update(more); n != 1 {
		t.Errorf("one rule in other words deleted %d", n)
	}
	more.Rules = []driver.SecurityRule{}
	update(more)
}

func testSecurityGroupLost(t *testing.T, h *Harness) {
	var c cutter
	s := h.openAs(t, Access{Wrap: c.Wrap})
	o := as[driver.SecurityGroups](t, s)
	id := h.ownTenant(t, s)
	h.eachLost(t, &c, func(name string) (string, error) {
		spec := webGroup(id)
		spec.Name = name
		g, err := o.CreateSecurityGroup(within(t), spec)
		if err != nil {
			return "", err
		}
		if d := cmp.Diff([]driver.SecurityGroup{{SecurityGroupSpec: spec, Ref: g.Ref}}, securityGroupsOf(t, s, id)); d != "" {
			t.Errorf("after a lost answer: %s", d)
		}
		return g.Ref, nil
	}, func(ref string) error { return o.DeleteSecurityGroup(within(t), ref) })
}

func testSecurityGroupInUse(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.SecurityGroups](t, s)
	id := h.ownTenant(t, s)
	if _, err := as[driver.Networks](t, s).CreateNetwork(within(t), frontend(id)); err != nil {
		t.Fatal(err)
	}
	made, err := o.CreateSecurityGroup(within(t), webGroup(id))
	if err != nil {
		t.Fatal(err)
	}
	ref := h.machine(t, s, id, "web-1", func(v *driver.VMSpec) {
		v.NICs, v.SecurityGroups = []driver.NICSpec{{Network: "frontend"}}, []string{"web"}
	})
	err = o.DeleteSecurityGroup(within(t), made.Ref)
	wantCode(t, err, psn.Conflict)
	wantText(t, err, "web-1", `"web"`)
	if err := s.DeleteVM(within(t), ref); err != nil {
		t.Fatal(err)
	}
	if err := o.DeleteSecurityGroup(within(t), made.Ref); err != nil {
		t.Errorf("after the machine is gone: %v", err)
	}
}
