package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.TenantList = (*Site)(nil)

// EnsureTenant implements driver.Site: a project that bears the tenant's id as
// its name, our tags, a role in it for the operator and for the principal's
// group, and limits when there are. A group that is not known changes nothing.
// Project names are unique in a domain: two processes cannot make two.
func (s *Site) EnsureTenant(ctx context.Context, t driver.Tenant) error {
	doing := fmt.Sprintf("ensure tenant %s", t.ID)
	if err := psn.CheckIPACode(string(t.ID)); err != nil {
		return s.fault(err, doing)
	}
	unlock, err := s.tenants.lock(ctx, string(t.ID))
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	return s.fault(s.ensureTenant(ctx, t), doing)
}

func (s *Site) ensureTenant(ctx context.Context, t driver.Tenant) error {
	c, err := s.identity(ctx)
	if err != nil {
		return err
	}
	group, err := s.groupID(ctx, c, t.Principal)
	if err != nil {
		return err
	}
	p, err := s.findProject(ctx, t.ID)
	if err != nil {
		return err
	}
	if p == nil {
		p, err = s.makeProject(ctx, c, t)
	} else {
		err = s.adoptProject(ctx, c, p, t)
	}
	if err != nil {
		return err
	}
	if err := s.takeRole(ctx, c, p.ID); err != nil {
		return err
	}
	if err := s.grantGroup(ctx, c, p.ID, group); err != nil {
		return err
	}
	if t.Quota == nil {
		return nil
	}
	return s.setQuota(ctx, p.ID, *t.Quota)
}

func (s *Site) makeProject(ctx context.Context, c *gophercloud.ServiceClient, t driver.Tenant) (*project, error) {
	domain, err := s.tenantDomain(ctx)
	if err != nil {
		return nil, err
	}
	var made struct {
		Project project `json:"project"`
	}
	err = post(ctx, c, "projects", map[string]any{"project": map[string]any{
		"name": string(t.ID), "domain_id": domain, "description": t.Name, "enabled": true,
		"tags": []string{tagOurs, tagRegion + s.cfg.Region},
	}}, &made)
	if !hasStatus(err, http.StatusConflict) {
		return &made.Project, err
	}
	// Made meanwhile, for another site or by another process.
	p, err := s.findProject(ctx, t.ID)
	if err == nil && p == nil {
		err = psn.Errorf(psn.Unavailable, "project %q came and went at the same time", t.ID)
	}
	if err != nil {
		return nil, err
	}
	return p, s.adoptProject(ctx, c, p, t)
}

// adoptProject gives a project of ours what it lacks.
func (s *Site) adoptProject(ctx context.Context, c *gophercloud.ServiceClient, p *project, t driver.Tenant) error {
	if !p.Enabled {
		return psn.Errorf(psn.Conflict, "project %q (%s) is disabled: enable it, or delete the tenant", p.Name, p.ID)
	}
	if !p.at(s.cfg.Region) {
		if err := send(ctx, c, http.MethodPut, "projects/"+p.ID+"/tags/"+url.PathEscape(tagRegion+s.cfg.Region), nil, nil); err != nil {
			return err
		}
	}
	if t.Name == "" || t.Name == p.Description {
		return nil
	}
	return send(ctx, c, http.MethodPatch, "projects/"+p.ID, map[string]any{"project": map[string]any{"description": t.Name}}, nil)
}

// takeRole gives the operator's user its role in the project, without which no
// token of the project is to be had.
func (s *Site) takeRole(ctx context.Context, c *gophercloud.ServiceClient, project string) error {
	if s.cfg.CredentialID != "" {
		return nil // it cannot use it
	}
	sc, err := s.conn.scoped(ctx, "")
	if err != nil {
		return err
	}
	role, err := s.roleID(ctx, c, s.cfg.TenantRole)
	if err != nil {
		return err
	}
	return send(ctx, c, http.MethodPut, "projects/"+project+"/users/"+sc.user+"/roles/"+role, nil, nil)
}

// TenantExists implements driver.Site. A project of that name that is not ours
// is no tenant.
func (s *Site) TenantExists(ctx context.Context, t psn.TenantID) (bool, error) {
	p, err := s.findProject(ctx, t)
	if psn.Is(err, psn.AlreadyExists) {
		return false, nil
	}
	return p != nil && p.at(s.cfg.Region), s.fault(err, fmt.Sprintf("look for tenant %s", t))
}

// Tenants implements driver.TenantList.
func (s *Site) Tenants(ctx context.Context) ([]driver.Tenant, error) {
	found, err := s.ourProjects(ctx)
	out := []driver.Tenant{}
	for _, p := range found {
		out = append(out, driver.Tenant{ID: psn.TenantID(p.Name), Name: p.Description, Ref: p.ID})
	}
	slices.SortFunc(out, func(a, b driver.Tenant) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, s.fault(err, "list tenants")
}

// DeleteTenant implements driver.Site. It removes what was made for the tenant
// in this region (private flavours, empty server groups, ports that
// no machine has, the default security group, limits) and the project itself when it serves no other region.
func (s *Site) DeleteTenant(ctx context.Context, t psn.TenantID) error {
	doing := fmt.Sprintf("delete tenant %s", t)
	unlock, err := s.tenants.lock(ctx, string(t))
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	return s.fault(s.deleteTenant(ctx, t), doing)
}

func (s *Site) deleteTenant(ctx context.Context, t psn.TenantID) error {
	p, err := s.findProject(ctx, t)
	if err != nil || p == nil {
		return err
	}
	if p.at(s.cfg.Region) {
		left, err := s.leftovers(ctx, p.ID)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return psn.Errorf(psn.Conflict, "project %q still holds, in region %q, %s: delete them first", p.Name, s.cfg.Region, strings.Join(left, ", "))
		}
		if err := s.clear(ctx, t, p.ID); err != nil {
			return err
		}
	}
	if others := p.elsewhere(s.cfg.Region); len(others) > 0 {
		return s.leave(ctx, p)
	}
	// The tag stays on until the project goes: a call cut off in between is
	// found by the next.
	c, err := s.identity(ctx)
	if err != nil {
		return err
	}
	err = send(ctx, c, http.MethodDelete, "projects/"+p.ID, nil, nil)
	s.conn.forget(p.ID)
	if gone(err) {
		return nil
	}
	return err
}

// leave takes the region's tag off a project that other regions go on using.
func (s *Site) leave(ctx context.Context, p *project) error {
	c, err := s.identity(ctx)
	if err != nil {
		return err
	}
	err = send(ctx, c, http.MethodDelete, "projects/"+p.ID+"/tags/"+url.PathEscape(tagRegion+s.cfg.Region), nil, nil)
	if gone(err) {
		return nil
	}
	return err
}

// clear removes what EnsureTenant and CreateVM made beside what people see.
func (s *Site) clear(ctx context.Context, t psn.TenantID, project string) error {
	if err := s.removeSizes(ctx, t); err != nil {
		return err
	}
	if err := s.removeGroups(ctx, project, func(string) bool { return true }); err != nil {
		return err
	}
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	ports, err := list(ctx, c, "ports", url.Values{"project_id": {project}, "fields": {"id", "name", "device_id"}}, "ports", leftover.id)
	if err != nil {
		return err
	}
	for _, p := range ports {
		if !p.stray() {
			continue
		}
		if err := s.removePort(ctx, p.ID); err != nil {
			return err
		}
	}
	groups, err := list(ctx, c, "security-groups", url.Values{"project_id": {project}, "fields": {"id", "name"}}, "security_groups", named.id)
	if err != nil {
		return err
	}
	for _, g := range groups { // only the default one is left, see leftovers
		if err := send(ctx, c, http.MethodDelete, "security-groups/"+g.ID, nil, nil); err != nil && !gone(err) {
			return err
		}
	}
	return s.dropQuota(ctx, project)
}
