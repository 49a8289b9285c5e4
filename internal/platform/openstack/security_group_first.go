package openstack

import (
	"context"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// standingGroup returns the group of the name that stands, which nobody else is at
// making, nil when there is none.
func (s *Site) standingGroup(ctx context.Context, p *projectGroups, name string) (*neutronGroup, error) {
	found, err := namesakes(ctx, s, "", p.named(name))
	switch {
	case err != nil || len(found) == 0:
		return nil, err
	case len(found) > 1:
		return nil, several("security group", found)
	case !found[0].ours():
		return nil, psn.Errorf(psn.AlreadyExists, "the tenant's project has a security group %q (%s) that this project did not make: rename or remove it, or choose another name", name, found[0].ID)
	}
	g, err := undisturbed(ctx, s, "security group", found[0], func(ctx context.Context) (neutronGroup, error) {
		var got struct {
			Group neutronGroup `json:"security_group"`
		}
		err := get(ctx, p.c, "security-groups/"+found[0].ID, &got)
		return got.Group, err
	})
	return &g, err
}

// firstGroup makes the group, with the rules that Neutron gives each, unless another
// process was first.
func (s *Site) firstGroup(ctx context.Context, p *projectGroups, name string) (*neutronGroup, error) {
	var made struct {
		Group neutronGroup `json:"security_group"`
	}
	if err := post(ctx, p.c, "security-groups", map[string]any{"security_group": map[string]any{
		"name": name, "project_id": p.project, "description": beingMade,
	}}, &made); err != nil {
		return nil, err
	}
	g, err := agreed(ctx, s, p.c, "security group", "security-groups", made.Group.ID, p.named(name))
	// A rule that names its own group calls it selfGroup.
	p.all = slices.DeleteFunc(p.all, func(other neutronGroup) bool { return other.ID == made.Group.ID })
	return &g, err
}
