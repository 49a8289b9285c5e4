package openstack

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.SecurityGroups = (*Site)(nil)

// neutronGroup is what we read of a security group. Its rules come with it.
type neutronGroup struct {
	ID          string               `json:"id"`
	Name        string               `json:"name"`
	Description string               `json:"description"`
	ProjectID   string               `json:"project_id"`
	Tags        []string             `json:"tags"`
	Rules       []rules.SecGroupRule `json:"security_group_rules"`
	Created     string               `json:"created_at"`
	Updated     string               `json:"updated_at"`
}

func (g neutronGroup) id() string      { return g.ID }
func (g neutronGroup) born() string    { return g.Created }
func (g neutronGroup) changed() string { return g.Updated }
func (g neutronGroup) making() bool    { return g.Description == beingMade }

// standing is the group's rules by id.
func (g neutronGroup) standing(nameOf func(string) string) map[string]driver.SecurityRule {
	out := map[string]driver.SecurityRule{}
	for _, r := range g.Rules {
		out[r.ID] = observedRule(r, nameOf)
	}
	return out
}

func (g neutronGroup) observed(tenant psn.TenantID, nameOf func(string) string) driver.SecurityGroup {
	out := driver.SecurityGroup{Ref: g.ID}
	out.Tenant, out.Name = tenant, g.Name
	if g.Description != beingMade {
		out.Description = g.Description
	}
	out.Rules = make([]driver.SecurityRule, 0, len(g.Rules))
	for _, r := range g.Rules {
		out.Rules = append(out.Rules, observedRule(r, nameOf))
	}
	slices.SortFunc(out.Rules, compareRules)
	return out
}

// SecurityGroups implements driver.SecurityGroups in two requests. The group
// "default", which Neutron makes for each project, is among them.
func (s *Site) SecurityGroups(ctx context.Context) ([]driver.SecurityGroup, error) {
	out, err := s.securityGroups(ctx)
	return out, s.fault(err, "list security groups")
}

func (s *Site) securityGroups(ctx context.Context) ([]driver.SecurityGroup, error) {
	c, err := s.network(ctx, "")
	if err != nil {
		return nil, err
	}
	groups, err := list(ctx, c, "security-groups", nil, "security_groups", neutronGroup.id)
	if err != nil {
		return nil, err
	}
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return nil, err
	}
	nameOf := groupWords(groups)
	out := []driver.SecurityGroup{}
	for _, g := range groups {
		if t := tenants[g.ProjectID]; t != "" {
			out = append(out, g.observed(t, nameOf))
		}
	}
	slices.SortFunc(out, func(a, b driver.SecurityGroup) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	return out, nil
}

// CreateSecurityGroup implements driver.SecurityGroups.
func (s *Site) CreateSecurityGroup(ctx context.Context, spec driver.SecurityGroupSpec) (*driver.SecurityGroup, error) {
	g, err := s.createSecurityGroup(ctx, spec)
	return g, s.fault(err, fmt.Sprintf("create security group %q of tenant %q", spec.Name, spec.Tenant))
}

func (s *Site) createSecurityGroup(ctx context.Context, spec driver.SecurityGroupSpec) (*driver.SecurityGroup, error) {
	want, err := checkGroup(spec)
	if err != nil {
		return nil, err
	}
	p, unlock, err := s.groupsOf(ctx, spec.Tenant, spec.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	g, err := s.standingGroup(ctx, p, spec.Name)
	if err != nil {
		return nil, err
	}
	fresh := g == nil
	switch {
	case fresh:
		if g, err = s.firstGroup(ctx, p, spec.Name); err != nil {
			return nil, err
		}
	case !g.making():
		return p.same(*g, spec, want)
	}
	out, err := s.wholeGroup(ctx, p, g, spec, want)
	if err != nil {
		return nil, s.undoGroup(ctx, p, g, fresh, err)
	}
	return out, nil
}

// wholeGroup tags a group in the making and gives it what it lacks.
func (s *Site) wholeGroup(ctx context.Context, p *projectGroups, g *neutronGroup, spec driver.SecurityGroupSpec, want []driver.SecurityRule) (*driver.SecurityGroup, error) {
	if !slices.Contains(g.Tags, neutronTag) {
		if err := s.tag(ctx, p.c, "security-groups", g.ID); err != nil {
			return nil, err
		}
	}
	return s.bringGroup(ctx, p, g, spec, want)
}

// checkGroup checks a specification and returns its rules in canonical form.
func checkGroup(spec driver.SecurityGroupSpec) ([]driver.SecurityRule, error) {
	if spec.Tenant == "" {
		return nil, psn.Errorf(psn.InvalidInput, "security group %q names no tenant", spec.Name)
	}
	if err := psn.CheckName("security group name", spec.Name); err != nil {
		return nil, err
	}
	if spec.Name == "default" || spec.Name == selfGroup {
		return nil, psn.Errorf(psn.InvalidInput, "security group name %q has a meaning of its own: choose another", spec.Name)
	}
	if err := checkDescription(spec.Description); err != nil {
		return nil, err
	}
	return canonicalRules(spec.Rules)
}

// projectGroups are the security groups of a tenant's project.
type projectGroups struct {
	c       *gophercloud.ServiceClient
	project string
	all     []neutronGroup
}

func (s *Site) groupsOf(ctx context.Context, t psn.TenantID, name string) (*projectGroups, func(), error) {
	project, err := s.projectOf(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	p := &projectGroups{project: project}
	if p.c, err = s.network(ctx, project); err != nil {
		return nil, nil, err
	}
	unlock, err := s.objects.lock(ctx, "security group/"+project+"/"+name)
	if err != nil {
		return nil, nil, err
	}
	if err := p.read(ctx); err != nil {
		unlock()
		return nil, nil, err
	}
	return p, unlock, nil
}

func (p *projectGroups) read(ctx context.Context) (err error) {
	p.all, err = list(ctx, p.c, "security-groups", url.Values{"project_id": {p.project}}, "security_groups", neutronGroup.id)
	return err
}

// named reads the groups and lists those of that name.
func (p *projectGroups) named(name string) func(context.Context) ([]neutronGroup, error) {
	return func(ctx context.Context) ([]neutronGroup, error) {
		err := p.read(ctx)
		return slices.DeleteFunc(slices.Clone(p.all), func(g neutronGroup) bool { return g.Name != name }), err
	}
}

// idOf returns the id of the group that a rule names. An id is taken only where
// the name will not do: it is the name that would be shown.
func (p *projectGroups) idOf(word string) (string, error) {
	id, err := chooseGroup(p.all, p.project, word)
	if err == nil && groupWords(p.all)(id) != word {
		return "", psn.Errorf(psn.InvalidInput, "a rule names security group %s by its id: write its name, %q", id, groupWords(p.all)(id))
	}
	return id, err
}

// same returns a group that stands when it is the one asked for.
func (p *projectGroups) same(g neutronGroup, spec driver.SecurityGroupSpec, want []driver.SecurityRule) (*driver.SecurityGroup, error) {
	nameOf := groupWords(p.all)
	change := diffRules(g.standing(nameOf), want)
	if g.Description == spec.Description && change.empty() {
		out := g.observed(spec.Tenant, nameOf)
		return &out, nil
	}
	what := fmt.Sprintf("%d of its rules are not among those asked for, %d of those it lacks", len(change.Removed)+len(change.Replaced), len(change.Added))
	if change.empty() {
		what = fmt.Sprintf("its description is %q", g.Description)
	}
	return nil, psn.Errorf(psn.AlreadyExists, "security group %q (%s) exists and is another: %s: import it, or choose another name", spec.Name, g.ID, what)
}

// UpdateSecurityGroup implements driver.SecurityGroups.
func (s *Site) UpdateSecurityGroup(ctx context.Context, ref string, spec driver.SecurityGroupSpec) (*driver.SecurityGroup, error) {
	g, err := s.updateSecurityGroup(ctx, ref, spec)
	return g, s.fault(err, fmt.Sprintf("update security group %q of tenant %q (%s)", spec.Name, spec.Tenant, ref))
}

func (s *Site) updateSecurityGroup(ctx context.Context, ref string, spec driver.SecurityGroupSpec) (*driver.SecurityGroup, error) {
	want, err := checkGroup(spec)
	if err != nil {
		return nil, err
	}
	p, unlock, err := s.groupsOf(ctx, spec.Tenant, spec.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	i := slices.IndexFunc(p.all, func(g neutronGroup) bool { return g.ID == ref })
	if i < 0 {
		return nil, psn.Errorf(psn.NotFound, "the tenant has no security group %s at the site", ref)
	}
	return s.bringGroup(ctx, p, &p.all[i], spec, want)
}

// bringGroup makes the group's rules those wanted, then its name and description.
func (s *Site) bringGroup(ctx context.Context, p *projectGroups, g *neutronGroup, spec driver.SecurityGroupSpec, want []driver.SecurityRule) (*driver.SecurityGroup, error) {
	nameOf := groupWords(p.all)
	change := diffRules(g.standing(nameOf), want)
	var add []rules.CreateOpts
	for _, r := range change.Added {
		o, err := ruleOpts(g.ID, r, p.idOf)
		if err != nil {
			return nil, err
		}
		o.ProjectID = p.project
		add = append(add, o)
	}
	for _, id := range change.Replaced {
		if err := s.remove(ctx, p.c, "security-group-rules/"+id); err != nil {
			return nil, err
		}
	}
	if len(add) > 0 {
		if err := send(ctx, p.c, http.MethodPost, "security-group-rules", map[string]any{"security_group_rules": add}, nil); err != nil {
			return nil, err
		}
	}
	for _, id := range change.Removed {
		if err := s.remove(ctx, p.c, "security-group-rules/"+id); err != nil {
			return nil, err
		}
	}
	// The answer has the rules as Neutron keeps them.
	var got struct {
		Group neutronGroup `json:"security_group"`
	}
	err := send(ctx, p.c, http.MethodPut, "security-groups/"+g.ID, map[string]any{"security_group": map[string]any{
		"name": spec.Name, "description": spec.Description,
	}}, &got)
	if err != nil {
		return nil, err
	}
	out := got.Group.observed(spec.Tenant, nameOf)
	return &out, nil
}

// DeleteSecurityGroup implements driver.SecurityGroups.
func (s *Site) DeleteSecurityGroup(ctx context.Context, ref string) error {
	return s.fault(s.deleteSecurityGroup(ctx, ref), fmt.Sprintf("delete security group %s", ref))
}

func (s *Site) deleteSecurityGroup(ctx context.Context, ref string) error {
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	var got struct {
		Group neutronGroup `json:"security_group"`
	}
	if err := get(ctx, c, "security-groups/"+url.PathEscape(ref), &got); err != nil {
		if gone(err) {
			return nil
		}
		return err
	}
	if _, err := s.tenantOf(ctx, got.Group.ProjectID); err != nil {
		return err
	}
	ports, err := list(ctx, c, "ports", url.Values{"security_groups": {ref}}, "ports", neutronPort.id)
	if err != nil {
		return err
	}
	on := portsOn(ports, "")
	for _, id := range on.free {
		on.others = append(on.others, "port "+id)
	}
	if err := s.occupied(ctx, got.Group.ProjectID, fmt.Sprintf("security group %q", got.Group.Name), on); err != nil {
		return err
	}
	return s.remove(ctx, c, "security-groups/"+ref)
}
