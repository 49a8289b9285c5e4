package conformance_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/users"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestPrincipalWorksInItsTenant: people of the group that a tenant names may
// work in its project, and nowhere else by this.
func TestPrincipalWorksInItsTenant(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	ctx := bounded(t)
	id, other := tenantOn(t, cfg, s), tenantOn(t, cfg, s)
	c, err := (&admin{cfg: cfg}).identity(ctx)
	if err != nil {
		t.Fatal(err)
	}
	const secret = "of one test only"
	name := "people of " + string(id)
	group, err := groups.Create(ctx, c, groups.CreateOpts{Name: name, DomainID: "default"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = groups.Delete(bounded(t), c, group.ID).ExtractErr() })
	user, err := users.Create(ctx, c, users.CreateOpts{Name: "one of " + string(id), DomainID: "default", Password: secret}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = users.Delete(bounded(t), c, user.ID).ExtractErr() })
	if err := users.AddToGroup(ctx, c, group.ID, user.ID).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	for _, principal := range []string{name, name + "@Default", ""} { // done again, and left alone
		if err := s.EnsureTenant(ctx, driver.Tenant{ID: id, Principal: principal}); err != nil {
			t.Fatal(err)
		}
		if got := rolesOf(t, c, group.ID); len(got) != 1 || got[0] != "member" {
			t.Errorf("after principal %q the group has the roles %q", principal, got)
		}
	}
	told := func() bool {
		all, err := s.Principals(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(g driver.Grant) bool {
			return g.Tenant == id && s.SamePrincipal(name, g.Principal) && s.SamePrincipal(name+"@default", g.Principal)
		})
	}
	if !told() {
		t.Error("the group is not told to work in the tenant")
	}
	theirs := cfg
	theirs.Site, theirs.Username, theirs.Project = "", user.Name, string(id)
	theirs.Password = func() (string, error) { return secret, nil }
	if _, err := openLab(t, theirs).Inventory(ctx); err != nil {
		t.Errorf("one of the group in the tenant's project: %v", err)
	}
	theirs.Project = string(other)
	if _, err := openstack.Open(ctx, theirs); !psn.Is(err, psn.Unauthenticated) {
		t.Errorf("one of the group in another tenant's project: %v", err)
	}
	// Taken away by hand it is told no more, and given again it is.
	role, project := idOf(t, c, "roles", "member"), idOf(t, c, "projects", string(id))
	if err := roles.Unassign(ctx, c, role, roles.UnassignOpts{GroupID: group.ID, ProjectID: project}).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	if told() {
		t.Error("the group is told to work in the tenant, where it has no role any more")
	}
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: id, Principal: name}); err != nil || !told() {
		t.Errorf("given again it is told: %v, %v", told(), err)
	}
}

// idOf is the id of the one of a kind that has the name.
func idOf(t testing.TB, c *gophercloud.ServiceClient, kind, name string) string {
	t.Helper()
	var page map[string]json.RawMessage
	if _, err := c.Get(bounded(t), c.ServiceURL(kind)+"?name="+url.QueryEscape(name), &page, nil); err != nil {
		t.Fatal(err)
	}
	var found []struct{ ID string }
	if err := json.Unmarshal(page[kind], &found); err != nil || len(found) != 1 {
		t.Fatalf("%s of the name %q: %+v, %v", kind, name, found, err)
	}
	return found[0].ID
}

// rolesOf names the roles of a group, wherever it has them.
func rolesOf(t testing.TB, c *gophercloud.ServiceClient, group string) []string {
	t.Helper()
	names := true
	pages, err := roles.ListAssignments(c, roles.ListAssignmentsOpts{GroupID: group, IncludeNames: &names}).AllPages(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	found, err := roles.ExtractRoleAssignments(pages)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range found {
		out = append(out, a.Role.Name)
	}
	return out
}

// TestPrincipalThatIsUnknown: nothing is made for a group that there is not.
func TestPrincipalThatIsUnknown(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	ctx := bounded(t)
	id := freshTenant(t)
	for _, principal := range []string{"nobody", "nobody@Default", "admins@nowhere"} {
		err := s.EnsureTenant(ctx, driver.Tenant{ID: id, Principal: principal})
		if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), `"`+principal+`"`) {
			t.Errorf("principal %q: %v", principal, err)
		}
	}
	if there, err := s.TenantExists(ctx, id); err != nil || there {
		t.Errorf("the tenant was made: %v, %v", there, err)
	}
}
