package openstack

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Principals = (*Site)(nil)

// groupRole is what a tenant's people have in its project.
const groupRole = defaultRole

// groupID returns the id of a group of people, "" for none. Names are unique in
// a domain only: "group@domain" names it, otherwise it is that of tenants.
func (s *Site) groupID(ctx context.Context, c *gophercloud.ServiceClient, principal string) (string, error) {
	if principal == "" {
		return "", nil
	}
	name, domain, other := cutLast(principal, "@")
	unknown := psn.Errorf(psn.InvalidInput, "principal %q is no group that the identity service at %s knows: use the name of a group in domain %q, or \"group@domain\"", principal, s.cfg.AuthURL, s.cfg.TenantDomain)
	var err error
	if other {
		domain, err = s.domainID(ctx, c, domain)
	} else {
		domain, err = s.tenantDomain(ctx)
	}
	if err != nil {
		return "", err
	}
	if domain == "" {
		return "", unknown
	}
	var page struct {
		Groups []named `json:"groups"`
	}
	if err := get(ctx, c, "groups?"+url.Values{"name": {name}, "domain_id": {domain}}.Encode(), &page); err != nil {
		return "", err
	}
	for _, g := range page.Groups {
		if strings.EqualFold(g.Name, name) { // directories do not tell cases apart
			return g.ID, nil
		}
	}
	return "", unknown
}

func cutLast(v, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(v, sep); i >= 0 {
		return v[:i], v[i+len(sep):], true
	}
	return v, "", false
}

// grantGroup gives the group its role in the project. What others have there
// stays.
func (s *Site) grantGroup(ctx context.Context, c *gophercloud.ServiceClient, project, group string) error {
	if group == "" {
		return nil
	}
	role, err := s.roleID(ctx, c, groupRole)
	if err != nil {
		return err
	}
	return send(ctx, c, http.MethodPut, "projects/"+project+"/groups/"+group+"/roles/"+role, nil, nil)
}

// Principals implements driver.Principals. Keystone tells who has a role anywhere
// in one answer, people among them, with the names that configurations go by.
func (s *Site) Principals(ctx context.Context) ([]driver.Grant, error) {
	all, err := s.principals(ctx)
	return all, s.fault(err, "list who may work in tenants")
}

func (s *Site) principals(ctx context.Context) ([]driver.Grant, error) {
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.identity(ctx)
	if err != nil {
		return nil, err
	}
	role, err := s.roleID(ctx, c, groupRole)
	if err != nil {
		return nil, err
	}
	var page struct {
		Assignments []assignment `json:"role_assignments"`
		Truncated   bool         `json:"truncated"`
	}
	if err := get(ctx, c, "role_assignments?"+url.Values{"role.id": {role}, "include_names": {"true"}}.Encode(), &page); err != nil {
		return nil, err
	}
	if page.Truncated {
		return nil, psn.Errorf(psn.Internal, "the identity service cut its list of role assignments short after %d and has no pages: raise list_limit of its configuration", len(page.Assignments))
	}
	out := []driver.Grant{}
	for _, a := range page.Assignments {
		if t := tenants[a.Scope.Project.ID]; t != "" && a.Group.ID != "" && a.Scope.Inherited == "" {
			out = append(out, driver.Grant{Tenant: t, Principal: a.Group.Name + "@" + a.Group.Domain.Name})
		}
	}
	slices.SortFunc(out, func(a, b driver.Grant) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Principal, b.Principal))
	})
	return out, nil
}

// assignment is what is read of Keystone's role assignments.
type assignment struct {
	Group struct {
		named
		Domain named `json:"domain"`
	} `json:"group"`
	Scope struct {
		Project   named  `json:"project"`
		Inherited string `json:"OS-INHERIT:inherited_to"` // then it is for the projects below, not for this
	} `json:"scope"`
}

// SamePrincipal implements driver.Principals: a group without a domain is of that
// of tenants, and directories do not tell cases apart.
func (s *Site) SamePrincipal(principal, told string) bool {
	if !strings.Contains(principal, "@") {
		principal += "@" + s.cfg.TenantDomain
	}
	return strings.EqualFold(principal, told)
}

func (s *Site) roleID(ctx context.Context, c *gophercloud.ServiceClient, name string) (string, error) {
	var page struct {
		Roles []named `json:"roles"`
	}
	if err := get(ctx, c, "roles?"+url.Values{"name": {name}}.Encode(), &page); err != nil {
		return "", err
	}
	if len(page.Roles) == 0 {
		return "", psn.Errorf(psn.InvalidInput, "role %q, which is to be given in tenants' projects, does not exist at %s", name, s.cfg.AuthURL)
	}
	return page.Roles[0].ID, nil
}

// domainID returns the id of a domain, "" when there is none of the name.
func (s *Site) domainID(ctx context.Context, c *gophercloud.ServiceClient, name string) (string, error) {
	var page struct {
		Domains []struct{ ID string } `json:"domains"`
	}
	if err := get(ctx, c, "domains?"+url.Values{"name": {name}}.Encode(), &page); err != nil || len(page.Domains) == 0 {
		return "", err
	}
	return page.Domains[0].ID, nil
}
