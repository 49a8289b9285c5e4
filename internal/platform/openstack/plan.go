package openstack

import (
	"context"
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// plan is a machine to make, with every name resolved. Everything in it exists.
type plan struct {
	driver.VMSpec
	project   string
	size      string // id of the flavour
	image     string // id; empty for an empty first disk
	group     string // id of the server group
	storeZone string // of Cinder; empty where it does not know Nova's zones
	nets      []string
	security  *[]string // ids of security groups; nil leaves the choice to Neutron
	made      made
	asked     bool // Nova was asked to make the server
}

// resolve looks up what a machine asks for. Errors list what there is. Nothing
// is made but, where that is allowed, a flavour and a server group.
func (s *Site) resolve(ctx context.Context, p *plan) error {
	project, spec := p.project, p.VMSpec
	if err := s.checkZone(ctx, p); err != nil {
		return err
	}
	var err error
	if p.nets, err = s.netsFor(ctx, project, spec.NICs); err != nil {
		return err
	}
	if spec.SecurityGroups != nil {
		if p.security, err = s.securityIDs(ctx, project, spec.SecurityGroups); err != nil {
			return err
		}
	}
	if err := s.checkStores(ctx, p); err != nil {
		return err
	}
	if spec.Image != "" {
		image, err := s.imageFor(ctx, project, spec.Image)
		if err != nil {
			return err
		}
		if need := image.MinMemory; spec.MemoryMiB < need {
			return psn.Errorf(psn.InvalidInput, "memory is %d MiB and image %q needs %d MiB: give the machine more", spec.MemoryMiB, spec.Image, need)
		}
		if need := image.MinDisk; sizeGiB(spec.Disks[0].CapacityBytes) < need {
			return psn.Errorf(psn.InvalidInput, "disk 0 has %d GiB and image %q needs %d GiB: make it larger", sizeGiB(spec.Disks[0].CapacityBytes), spec.Image, need)
		}
		p.image = image.ID
	}
	if p.size, err = s.sizeFor(ctx, spec.ID.Tenant(), project, spec.VCPUs, spec.MemoryMiB); err != nil {
		return err
	}
	return s.groupFor(ctx, p)
}

func (s *Site) checkZone(ctx context.Context, p *plan) error {
	c, err := s.compute(ctx, p.project)
	if err != nil {
		return err
	}
	found, err := zones(ctx, c)
	if err != nil {
		return err
	}
	var names []string
	for _, z := range found {
		if z.State.Available {
			names = append(names, z.Name)
		}
	}
	if slices.Contains(names, p.Cluster) {
		return nil
	}
	return psn.Errorf(psn.InvalidInput, "cluster %q is no availability zone in service: there are %s", p.Cluster, quoted(names))
}

// netsFor finds the network of each card, by name or id.
func (s *Site) netsFor(ctx context.Context, project string, nics []driver.NICSpec) ([]string, error) {
	if len(nics) == 0 {
		return nil, nil
	}
	c, err := s.network(ctx, project)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, c, "networks", nil, "networks", neutronNetwork.id)
	if err != nil {
		return nil, err
	}
	var out []string
	for i, n := range nics {
		id, err := chooseNet(all, project, n.Network, s.cfg.DefaultNetwork)
		if err != nil {
			return nil, fmt.Errorf("network card %d: %w", i, err)
		}
		out = append(out, id)
	}
	return out, nil
}

// chooseNet picks a network among those a project sees: its own before shared
// ones. Without a name it is the configured default, or the project's only one.
func chooseNet(all []neutronNetwork, project, name, fallback string) (string, error) {
	var own, shared []neutronNetwork
	var names []string
	for _, n := range all {
		switch {
		case n.ProjectID == project:
			own = append(own, n)
		case n.Shared:
			shared = append(shared, n)
		default:
			continue // an external one: for routers
		}
		names = append(names, n.Name)
	}
	if name == "" {
		if name = fallback; name == "" {
			if len(own) == 1 {
				return own[0].ID, nil
			}
			return "", psn.Errorf(psn.InvalidInput, "no network is named, and the tenant has %d of its own: name one of %s, or set the site's default_network", len(own), quoted(names))
		}
	}
	for _, group := range [][]neutronNetwork{own, shared} {
		var hits []neutronNetwork
		for _, n := range group {
			if n.ID == name {
				return n.ID, nil
			}
			if n.Name == name {
				hits = append(hits, n)
			}
		}
		if len(hits) == 1 {
			return hits[0].ID, nil
		}
		if len(hits) > 1 {
			return "", psn.Errorf(psn.InvalidInput, "%d networks have the name %q: %s: remove or rename all but one, or name one by its id", len(hits), name, dated("network", hits))
		}
	}
	return "", psn.Errorf(psn.InvalidInput, "network %q does not exist for the tenant at this site: there are %s", name, quoted(names))
}

// checkStores checks the storage classes and finds out whether Cinder knows the
// machine's zone by Nova's name.
func (s *Site) checkStores(ctx context.Context, p *plan) error {
	c, err := s.volume(ctx, p.project)
	if err != nil {
		return err
	}
	found, err := zones(ctx, c)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(found, func(z zone) bool { return z.Name == p.Cluster }) {
		p.storeZone = p.Cluster
	}
	if !slices.ContainsFunc(p.Disks, func(d driver.DiskSpec) bool { return d.StorageClass != "" }) {
		return nil
	}
	var page struct {
		Types []named `json:"volume_types"`
	}
	if err := get(ctx, c, "types", &page); err != nil {
		return err
	}
	var names []string
	for _, t := range page.Types {
		names = append(names, t.Name)
	}
	for i, d := range p.Disks {
		if d.StorageClass != "" && !slices.Contains(names, d.StorageClass) {
			return psn.Errorf(psn.InvalidInput, "disk %d: storage class %q does not exist for the tenant at this site: use one of %s", i, d.StorageClass, quoted(names))
		}
	}
	return nil
}
