package openstack

import (
	"context"
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// undoNetwork removes what a creation that failed made, and nothing that stood
// before. After psn.Unavailable all stays: the next call goes on with it.
func (s *Site) undoNetwork(ctx context.Context, p *netParts, cause error) error {
	if code, _ := s.classify(cause); code == psn.Unavailable || p.net == nil {
		return cause
	}
	err := s.cleanUp(ctx, func(ctx context.Context) error {
		if p.made.router {
			if p.sub != nil {
				if err := s.removeInterface(ctx, p.c, p.router.ID, p.sub.ID); err != nil {
					return err
				}
			}
			if err := s.remove(ctx, p.c, "routers/"+p.router.ID); err != nil {
				return err
			}
		}
		switch {
		case p.made.net:
			return s.remove(ctx, p.c, "networks/"+p.net.ID) // its subnet goes with it
		case p.made.sub:
			return s.remove(ctx, p.c, "subnets/"+p.sub.ID)
		}
		return nil
	})
	if err != nil {
		return s.left(cause, fmt.Sprintf("what was made of network %s", p.net.ID), err)
	}
	if !p.made.net {
		return s.adding(cause, fmt.Sprintf("network %s of an earlier try stays for the next: delete it when there is to be none", p.net.ID))
	}
	return cause
}

// undoGroup removes a security group whose creation failed, as undoNetwork.
func (s *Site) undoGroup(ctx context.Context, p *projectGroups, g *neutronGroup, made bool, cause error) error {
	if code, _ := s.classify(cause); code == psn.Unavailable {
		return cause
	}
	if !made {
		return s.adding(cause, fmt.Sprintf("security group %s of an earlier try stays for the next: delete it when there is to be none", g.ID))
	}
	err := s.cleanUp(ctx, func(ctx context.Context) error { return s.remove(ctx, p.c, "security-groups/"+g.ID) })
	if err != nil {
		return s.left(cause, "security group "+g.ID, err)
	}
	return cause
}
