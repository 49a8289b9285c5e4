package openstack

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Finder = (*Site)(nil)

// FindVM implements driver.Finder, by the tag that every server of ours has from
// the request that makes it. One whose tag somebody took off is found where it
// goes by the name of its id, and one that was given another name, too, by its
// disks: they bear the id as well.
func (s *Site) FindVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	vm, err := s.findVM(ctx, id)
	return vm, s.fault(err, fmt.Sprintf("find virtual machine %s", id))
}

// findVM asks one small question after the other, each only when those before it
// had no answer. An answer is no proof: what a server says of itself is.
func (s *Site) findVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	for _, look := range []func(context.Context, psn.VMID) ([]string, error){s.serversTagged, s.serversNamed, s.serversWithDisks} {
		refs, err := look(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			vm, err := s.describe(ctx, ref)
			if gone(err) {
				continue
			}
			if err != nil || vm.ID == id {
				return vm, err
			}
		}
	}
	return nil, psn.Errorf(psn.NotFound, "it does not exist")
}

func (s *Site) serversTagged(ctx context.Context, id psn.VMID) ([]string, error) {
	q := s.everyone()
	q.Set("tags", machineTag(id))
	return s.serversOf(ctx, "servers", q, id) // a list of names costs Nova less
}

func (s *Site) serversNamed(ctx context.Context, id psn.VMID) ([]string, error) {
	q := s.everyone()
	q.Set("name", "^"+regexp.QuoteMeta(id.Name())+"$")
	return s.serversOf(ctx, "servers/detail", q, id) // one with details has the metadata
}

func (s *Site) serversOf(ctx context.Context, path string, q url.Values, id psn.VMID) ([]string, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, c, path, q, "servers", server.id)
	var out []string
	for _, sv := range found {
		if sv.Metadata == nil || sv.Metadata[keyID] == string(id) {
			out = append(out, sv.ID)
		}
	}
	return out, err
}

// serversWithDisks is psn.Conflict when the machine was deleted and can be
// restored, which no list of servers tells.
func (s *Site) serversWithDisks(ctx context.Context, id psn.VMID) ([]string, error) {
	c, err := s.volume(ctx, "")
	if err != nil {
		return nil, err
	}
	disks, err := markedVolumes(ctx, c, s.everyone(), id)
	if err != nil {
		return nil, err
	}
	var out, seen []string
	for _, v := range disks {
		for _, a := range v.Attached {
			if slices.Contains(seen, a.Server) {
				continue
			}
			seen = append(seen, a.Server)
			m, err := s.machine(ctx, a.Server)
			switch {
			case gone(err):
			case err != nil:
				return nil, err
			case m.ours() != id: // a disk was lent
			case m.restorable() != nil:
				return nil, m.restorable()
			default:
				out = append(out, a.Server)
			}
		}
	}
	return out, nil
}
