package openstack

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

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
