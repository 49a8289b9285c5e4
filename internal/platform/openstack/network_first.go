package openstack

import (
	"context"
	"net/url"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// standingNetwork sets p.net to the network of the name that stands, which nobody
// else is at making.
func (s *Site) standingNetwork(ctx context.Context, p *netParts, name string) error {
	nets, err := namesakes(ctx, s, "", p.named(name))
	switch {
	case err != nil || len(nets) == 0:
		return err
	case len(nets) > 1:
		return several("network", nets)
	}
	if !marked(nets[0].Tags, nets[0].Description) {
		return psn.Errorf(psn.AlreadyExists, "the tenant's project has a network %q (%s) that this project did not make: rename or remove it, or choose another name", name, nets[0].ID)
	}
	net, err := undisturbed(ctx, s, "network", nets[0], func(ctx context.Context) (neutronNetwork, error) {
		var got struct{ Network neutronNetwork }
		err := get(ctx, p.c, "networks/"+nets[0].ID, &got)
		return got.Network, err
	})
	p.net = &net
	return err
}

// named lists the project's networks of that name.
func (p *netParts) named(name string) func(context.Context) ([]neutronNetwork, error) {
	return func(ctx context.Context) ([]neutronNetwork, error) {
		return list(ctx, p.c, "networks", url.Values{"name": {name}, "project_id": {p.project}}, "networks", neutronNetwork.id)
	}
}

// firstNetwork makes the network, with nothing in it, unless another process was
// first.
func (s *Site) firstNetwork(ctx context.Context, p *netParts, name string) error {
	var made struct{ Network neutronNetwork }
	if err := post(ctx, p.c, "networks", map[string]any{"network": map[string]any{
		"name": name, "project_id": p.project, "description": beingMade,
	}}, &made); err != nil {
		return err
	}
	net, err := agreed(ctx, s, p.c, "network", "networks", made.Network.ID, p.named(name))
	if err == nil {
		p.net, p.made.net = &net, true
	}
	return err
}
