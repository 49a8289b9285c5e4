package vsphere_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestPrincipalsAreThoseWithAllOfIt: a group is told while it has everywhere in the
// tenant what it was given, and granting it again puts back what somebody took.
func TestPrincipalsAreThoseWithAllOfIt(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	told := func(want ...driver.Grant) {
		t.Helper()
		got, err := s.Principals(ctx)
		if d := cmp.Diff(append([]driver.Grant{}, want...), got); err != nil || d != "" {
			t.Errorf("%v: %s", err, d)
		}
	}
	told() // before the role itself is made
	ensure := func() {
		t.Helper()
		if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs", Principal: sandbox.Group}); err != nil {
			t.Fatal(err)
		}
	}
	ensure()
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "c_b157"}); err != nil {
		t.Fatal(err)
	}
	grant := driver.Grant{Tenant: "p_bs", Principal: sandbox.Group}
	told(grant)
	m := object.NewAuthorizationManager((&admin{c: c}).client(t).Client)
	roles, err := m.RoleList(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.RetrieveRolePermissions(ctx, roles.ByName("psn-tenant").RoleId)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, p := range all {
		for what, spoil := range map[string]func() error{
			"taken away": func() error { return m.RemoveEntityPermission(ctx, *p.Entity, p.Principal, true) },
			"made less": func() error {
				less := p
				less.RoleId = roles.ByName("ReadOnly").RoleId
				return m.SetEntityPermissions(ctx, *p.Entity, []types.Permission{less})
			},
			"not for what is below": func() error {
				less := p
				less.Propagate = false
				return m.SetEntityPermissions(ctx, *p.Entity, []types.Permission{less})
			},
		} {
			if err := spoil(); err != nil {
				t.Fatalf("%s on %s: %v", what, p.Entity, err)
			}
			told()
			ensure()
			told(grant)
		}
	}
	// More than it was given is all of that, and is not taken away.
	if _, err := m.AddRole(ctx, "psn-tenant-backup", append(roles.ByName("psn-tenant").Privilege, "VirtualMachine.State.CreateSnapshot")); err != nil {
		t.Fatal(err)
	}
	if roles, err = m.RoleList(ctx); err != nil {
		t.Fatal(err)
	}
	strong := roles.ByName("psn-tenant-backup").RoleId // the simulator does not tell it when it makes the role
	for _, p := range all {
		more := p
		more.RoleId = strong
		if err := m.SetEntityPermissions(ctx, *p.Entity, []types.Permission{more}); err != nil {
			t.Fatal(err)
		}
		told(grant)
		ensure()
		told(grant)
		got, err := m.RetrieveEntityPermissions(ctx, *p.Entity, false)
		if d := cmp.Diff([]types.Permission{more}, got); err != nil || d != "" {
			t.Errorf("made more on %s: %v %s", p.Entity, err, d)
		}
	}
}

func TestSamePrincipal(t *testing.T) {
	s, _ := site(t)
	for _, tc := range []struct {
		named, told string
		same        bool
	}{
		{`PSN\sistemisti`, `PSN\Sistemisti`, true},
		{`sistemisti@psn.local`, `PSN\sistemisti`, true}, // an alias of the domain
		{`PSN.LOCAL\sistemisti`, `PSN\sistemisti`, true},
		{`PSN\rete`, `PSN\sistemisti`, false},
		{`PSN\a@b`, `PSN\a@b`, true},
	} {
		if got := s.SamePrincipal(tc.named, tc.told); got != tc.same {
			t.Errorf("%q and %q: %v", tc.named, tc.told, got)
		}
	}
}
