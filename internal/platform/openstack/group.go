package openstack

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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

// serverGroups lists the groups of a project; "" asks as the operator for those
// of all. Nova pages this list by offset, says nothing of further pages, and may
// give fewer than asked for: an empty page is the end.
func (s *Site) serverGroups(ctx context.Context, project string) ([]serverGroup, error) {
	c, err := s.compute(ctx, project)
	if err != nil {
		return nil, err
	}
	q := url.Values{"limit": {pageObjects}}
	if project == "" {
		q.Set("all_projects", "1")
	}
	var out []serverGroup
	for {
		var page struct {
			Groups []serverGroup `json:"server_groups"`
		}
		q.Set("offset", strconv.Itoa(len(out)))
		if err := get(ctx, c, "os-server-groups?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		if len(page.Groups) == 0 || slices.ContainsFunc(out, func(g serverGroup) bool { return g.ID == page.Groups[0].ID }) {
			return out, nil
		}
		out = append(out, page.Groups...)
	}
}

// lockGroups holds the server groups of a project.
func (s *Site) lockGroups(ctx context.Context, project string) (unlock func(), err error) {
	return s.tenants.lock(ctx, "group/"+project)
}

// holdGroup makes sure of the machine's group until unlock.
func (s *Site) holdGroup(ctx context.Context, p *plan) (unlock func(), err error) {
	if p.Group == "" {
		return func() {}, nil
	}
	if unlock, err = s.lockGroups(ctx, p.project); err != nil {
		return nil, err
	}
	if err = s.group(ctx, p); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// groupFor finds the tenant's group, made when there is none.
func (s *Site) groupFor(ctx context.Context, p *plan) error {
	unlock, err := s.holdGroup(ctx, p)
	if err != nil {
		return err
	}
	unlock()
	return nil
}

// group is groupFor for one who holds the groups.
func (s *Site) group(ctx context.Context, p *plan) error {
	spec := p.VMSpec
	groups, err := s.serverGroups(ctx, p.project)
	if err != nil {
		return err
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
			return psn.Errorf(psn.AlreadyExists, "group %q of tenant %s has the policy %q, not %q: a group's policy never changes; choose another group", spec.Group, spec.ID.Tenant(), found.Policy, spec.GroupPolicy)
		}
		p.group = found.ID
		return nil
	}
	c, err := s.compute(ctx, p.project)
	if err != nil {
		return err
	}
	var made struct {
		Group serverGroup `json:"server_group"`
	}
	err = send(ctx, c, http.MethodPost, "os-server-groups", map[string]any{"server_group": map[string]any{
		"name": name, "policy": string(spec.GroupPolicy),
	}}, &made)
	p.group, p.made.group = made.Group.ID, err == nil
	return err
}

// removeGroup removes the tenant's group when it has no member any more.
func (s *Site) removeGroup(ctx context.Context, project, name string) error {
	return s.removeGroups(ctx, project, func(n string) bool { return n == groupPrefix+name })
}

// removeGroups removes the empty groups of ours in a project that are meant. The
// operator reads them: its tokens of the project may be gone.
func (s *Site) removeGroups(ctx context.Context, project string, meant func(name string) bool) error {
	unlock, err := s.lockGroups(ctx, project)
	if err != nil {
		return err
	}
	defer unlock()
	groups, err := s.serverGroups(ctx, "")
	if err != nil {
		return err
	}
	c, err := s.compute(ctx, "")
	if err != nil {
		return err
	}
	for _, g := range groups {
		if g.Project != project || !strings.HasPrefix(g.Name, groupPrefix) || !meant(g.Name) || len(g.Members) > 0 {
			continue
		}
		if err := send(ctx, c, http.MethodDelete, "os-server-groups/"+g.ID, nil, nil); err != nil && !gone(err) {
			return err
		}
	}
	return nil
}
