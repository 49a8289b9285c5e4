package openstack_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// assigned is an assignment of the role as Keystone tells it with names.
func assigned(who, name, domain, project, more string) string {
	return fmt.Sprintf(`{"role": {"id": "r1", "name": "member"}, %q: {"id": "of-%s", "name": %q, "domain": {"id": "d", "name": %q}}, "scope": {"project": {"id": %q}%s}}`,
		who, name, name, domain, project, more)
}

// granting is a cloud with tenants p_b0 to p_b<n-1>, in whose identity service the
// assignments stand.
func granting(t *testing.T, n int, assignments ...string) *cloud {
	t.Helper()
	projects := []string{`{"id": "x", "name": "p_xx", "tags": ["psn", "site:rozzano"]}`}
	for i := range n {
		projects = append(projects, fmt.Sprintf(`{"id": "t%d", "name": "p_b%d", "tags": ["psn", "site:acilia"]}`, i, i))
	}
	c := newCloudWith(t, `{"projects": [`+strings.Join(projects, ",")+`]}`)
	c.answer("GET /identity/v3/roles", `{"roles": [{"id": "r1", "name": "member"}]}`)
	c.answer("GET /identity/v3/role_assignments", `{"role_assignments": [`+strings.Join(assignments, ",")+`]}`)
	return c
}

// TestPrincipalsAreToldByGroup: who has the role in a tenant's project is told,
// for groups only, and by the name that a configuration gives them.
func TestPrincipalsAreToldByGroup(t *testing.T) {
	c := granting(t, 2,
		assigned("group", "Sistemisti", "Default", "t1", ""),
		assigned("group", "rete", "psn", "t0", ""),
		assigned("user", "mario", "Default", "t0", ""),
		assigned("group", "sopra", "Default", "t0", `, "OS-INHERIT:inherited_to": "projects"`),
		assigned("group", "altrove", "Default", "x", ""),
		`{"role": {"id": "r1"}, "group": {"id": "g", "name": "tutti", "domain": {"name": "Default"}}, "scope": {"domain": {"id": "d"}}}`,
	)
	at := open(t, c.config(t))
	got, err := at.Principals(bounded(t))
	want := []driver.Grant{{Tenant: "p_b0", Principal: "rete@psn"}, {Tenant: "p_b1", Principal: "Sistemisti@Default"}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v: %s", err, d)
	}
	for named, same := range map[string]bool{
		"sistemisti": true, "Sistemisti@default": true, "sistemisti@psn": false, "sistemist": false, "": false,
	} {
		if at.SamePrincipal(named, "Sistemisti@Default") != same {
			t.Errorf("%q is the group: %v", named, !same)
		}
	}
}

// TestPrincipalsCutShort: whoever is not in a list that was cut may have the role
// all the same.
func TestPrincipalsCutShort(t *testing.T) {
	c := newCloudWith(t, `{"projects": [{"id": "t0", "name": "p_b0", "tags": ["psn", "site:acilia"]}]}`)
	c.answer("GET /identity/v3/roles", `{"roles": [{"id": "r1", "name": "member"}]}`)
	c.answer("GET /identity/v3/role_assignments", `{"role_assignments": [], "truncated": true}`)
	if got, err := open(t, c.config(t)).Principals(bounded(t)); err == nil || !strings.Contains(err.Error(), "list_limit") {
		t.Errorf("%v, %v", got, err)
	}
}

// TestRefreshOfTenantsCostsIdentity: whoever may work in six tenants, and their
// limits, cost the identity service what those of one do.
func TestRefreshOfTenantsCostsIdentity(t *testing.T) {
	cost := map[int]int{}
	for _, n := range []int{1, 6} {
		var all []string
		for i := range n {
			all = append(all, assigned("group", fmt.Sprintf("g%d", i), "Default", fmt.Sprintf("t%d", i), ""))
		}
		c := granting(t, n, all...)
		for i := range n {
			c.answer(fmt.Sprintf("GET /compute/v2.1/os-quota-sets/t%d/detail", i), `{"quota_set": {"cores": {"limit": 8, "in_use": 3}}}`)
			c.answer(fmt.Sprintf("GET /volume/v3/p1/os-quota-sets/t%d", i), `{"quota_set": {}}`)
			c.answer(fmt.Sprintf("GET /network/v2.0/quotas/t%d/details.json", i), `{"quota": {}}`)
		}
		cfg := c.config(t)
		at := platform.New(psn.Acilia, psn.OpenStack, "acilia", func(context.Context) (driver.Site, error) { return open(t, cfg), nil })
		for i := range n {
			id := psn.TenantID(fmt.Sprintf("p_b%d", i))
			if _, err := at.FindTenant(bounded(t), id); err != nil {
				t.Fatal(err)
			}
			limits, err := at.TenantLimits(bounded(t), id)
			if err != nil || len(limits) != 1 || limits[0].Used != -1 || *limits[0].Limit != 8 {
				t.Errorf("%s: %+v, %v", id, limits, err)
			}
			for group, want := range map[string]bool{fmt.Sprintf("G%d", i): true, "another": false} {
				if has, err := at.HasPrincipal(bounded(t), id, group); err != nil || has != want {
					t.Errorf("%s may work in %s: %v, %v", group, id, has, err)
				}
			}
		}
		cost[n] = c.asked()
		if _, err := at.TenantLimits(bounded(t), "p_xx"); !psn.Is(err, psn.NotFound) { // of another region
			t.Errorf("p_xx: %v", err)
		}
	}
	// Token, domain, projects for the tenants; projects, role and assignments for the groups.
	if d := cmp.Diff(map[int]int{1: 6, 6: 6}, cost); d != "" {
		t.Errorf("requests to identity by number of tenants: %s", d)
	}
}
