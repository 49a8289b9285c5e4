package openstack

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// groupPrefix begins the names of server groups of ours.
const groupPrefix = "psn:"

// serverGroup is a group of servers that share hosts, or do not.
type serverGroup struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Policy  string   `json:"policy"`
	Project string   `json:"project_id"`
	Members []string `json:"members"`
}

func checkGroupPolicy(spec driver.VMSpec) error {
	if spec.Group == "" {
		return nil
	}
	switch spec.GroupPolicy {
	case driver.Apart, driver.ApartIfCan, driver.OnOneHost:
		return nil
	}
	return psn.Errorf(psn.InvalidInput, "group %q has the policy %q: use %q, %q or %q", spec.Group, spec.GroupPolicy, driver.Apart, driver.ApartIfCan, driver.OnOneHost)
}

// serverGroups lists the groups of a project.
func (s *Site) serverGroups(ctx context.Context, project string) ([]serverGroup, error) {
	c, err := s.compute(ctx, project)
	if err != nil {
		return nil, err
	}
	var page struct {
		Groups []serverGroup `json:"server_groups"`
	}
	err = get(ctx, c, "os-server-groups?limit="+pageObjects, &page)
	return page.Groups, err
}

// groupFor returns the id of the tenant's group, made when there is none.
func (s *Site) groupFor(ctx context.Context, project string, spec driver.VMSpec) (string, error) {
	if spec.Group == "" {
		return "", nil
	}
	unlock, err := s.tenants.lock(ctx, "group/"+project)
	if err != nil {
		return "", err
	}
	defer unlock()
	groups, err := s.serverGroups(ctx, project)
	if err != nil {
		return "", err
	}
	name := groupPrefix + spec.Group
	// Two processes may have made two: all agree on the first by id.
	var found *serverGroup
	for i, g := range groups {
		if g.Name == name && (found == nil || g.ID < found.ID) {
			found = &groups[i]
		}
	}
	if found != nil {
		if found.Policy != string(spec.GroupPolicy) {
			return "", psn.Errorf(psn.AlreadyExists, "group %q of tenant %s has the policy %q, not %q: a group's policy never changes; choose another group", spec.Group, spec.ID.Tenant(), found.Policy, spec.GroupPolicy)
		}
		return found.ID, nil
	}
	c, err := s.compute(ctx, project)
	if err != nil {
		return "", err
	}
	var made struct {
		Group serverGroup `json:"server_group"`
	}
	err = send(ctx, c, http.MethodPost, "os-server-groups", map[string]any{"server_group": map[string]any{
		"name": name, "policy": string(spec.GroupPolicy),
	}}, &made)
	return made.Group.ID, err
}

// removeGroups removes the empty groups of ours in a project, which the
// operator alone may read when its tokens of the project are gone.
func (s *Site) removeGroups(ctx context.Context, project string) error {
	c, err := s.compute(ctx, "")
	if err != nil {
		return err
	}
	var page struct {
		Groups []serverGroup `json:"server_groups"`
	}
	if err := get(ctx, c, "os-server-groups?"+url.Values{"all_projects": {"1"}, "limit": {pageObjects}}.Encode(), &page); err != nil {
		return err
	}
	for _, g := range page.Groups {
		if g.Project != project || !strings.HasPrefix(g.Name, groupPrefix) || len(g.Members) > 0 {
			continue
		}
		if err := send(ctx, c, http.MethodDelete, "os-server-groups/"+g.ID, nil, nil); err != nil && !gone(err) {
			return err
		}
	}
	return nil
}
