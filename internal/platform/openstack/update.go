package openstack

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// UpdateVM implements driver.Site. Everything is checked before anything is
// changed; what an earlier call came to is found done. A change of size is a
// resize, which Nova makes by stopping the machine, moving it if need be, and
// starting it again if it ran.
func (s *Site) UpdateVM(ctx context.Context, ref string, c driver.VMChange) error {
	doing := fmt.Sprintf("update virtual machine %s", ref)
	unlock, err := s.servers.lock(ctx, ref)
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	return s.fault(s.update(ctx, ref, c), doing)
}

func (s *Site) update(ctx context.Context, ref string, c driver.VMChange) error {
	m, err := s.machine(ctx, ref)
	if err != nil {
		return err
	}
	if c.IsZero() {
		return nil
	}
	p, err := s.change(ctx, m, c)
	if err != nil {
		return err
	}
	if err := s.relabel(ctx, m, c); err != nil {
		if p != nil {
			err = s.doneWithSize(ctx, p, err)
		}
		return err
	}
	if p == nil {
		return nil
	}
	return s.doneWithSize(ctx, p, s.carryOut(ctx, m, p, c))
}

// carryOut makes the machine what was planned.
func (s *Site) carryOut(ctx context.Context, m *machine, p *plan, c driver.VMChange) error {
	if p.size != "" {
		if err := s.resize(ctx, m, p); err != nil {
			return err
		}
	}
	if c.Disks != nil {
		if err := s.bringDisks(ctx, m, p); err != nil {
			return err
		}
	}
	if c.NICs != nil {
		if err := s.addCards(ctx, m, p); err != nil {
			return err
		}
	}
	if p.security != nil {
		return s.secure(ctx, m, *p.security)
	}
	return nil
}

// change checks what is asked for against what stands, and resolves names. Nil
// when there is nothing beside labels, metadata and the name.
func (s *Site) change(ctx context.Context, m *machine, c driver.VMChange) (*plan, error) {
	if c.Metadata != nil {
		if err := checkMetadata(*c.Metadata); err != nil {
			return nil, err
		}
	}
	if c.VCPUs == nil && c.MemoryMiB == nil && c.Disks == nil && c.NICs == nil && c.SecurityGroups == nil {
		return nil, nil //nolint:nilnil // nothing of that kind
	}
	id := m.ours()
	if id == "" {
		return nil, psn.Errorf(psn.Unsupported, "this program did not make the machine: its size, disks and cards are changed at the platform")
	}
	p := &plan{VMSpec: driver.VMSpec{ID: id, Cluster: m.Zone, VCPUs: m.Flavor.VCPUs, MemoryMiB: m.Flavor.RAM, Disks: c.Disks, NICs: c.NICs}, project: m.Project}
	vm, err := s.describe(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	if err := checkChange(*vm, c); err != nil {
		return nil, err
	}
	if err := s.checkGrowth(ctx, m, vm.Disks, c.Disks); err != nil {
		return nil, err
	}
	if err := s.checkStores(ctx, p); err != nil {
		return nil, err
	}
	if p.nets, err = s.netsFor(ctx, m.Project, c.NICs); err != nil {
		return nil, err
	}
	if c.SecurityGroups != nil {
		if p.security, err = s.securityIDs(ctx, m.Project, *c.SecurityGroups); err != nil {
			return nil, err
		}
	}
	if c.VCPUs != nil {
		p.VCPUs = *c.VCPUs
	}
	if c.MemoryMiB != nil {
		p.MemoryMiB = *c.MemoryMiB
	}
	if p.VCPUs != m.Flavor.VCPUs || p.MemoryMiB != m.Flavor.RAM {
		p.size, err = s.sizeFor(ctx, id.Tenant(), m.Project, p.VCPUs, p.MemoryMiB)
	}
	return p, err
}

// checkChange holds the lists asked for against the disks and cards that the
// machine was made with. It is pure.
func checkChange(vm psn.VM, c driver.VMChange) error {
	switch {
	case c.VCPUs != nil && *c.VCPUs < 1:
		return psn.Errorf(psn.InvalidInput, "vcpus is %d: use at least 1", *c.VCPUs)
	case c.MemoryMiB != nil && *c.MemoryMiB < 1:
		return psn.Errorf(psn.InvalidInput, "memory is %d MiB: use at least 1", *c.MemoryMiB)
	}
	if c.Disks != nil {
		if err := checkDisks(c.Disks); err != nil {
			return err
		}
		for _, d := range vm.Disks {
			if d.Key >= foreignKey {
				continue
			}
			if int(d.Key) >= len(c.Disks) {
				return psn.Errorf(psn.InvalidInput, "the list has %d disks and the machine has disk %d: disks are not taken off", len(c.Disks), d.Key)
			}
			if want := sizeGiB(c.Disks[d.Key].CapacityBytes); want < d.CapacityBytes>>30 {
				return psn.Errorf(psn.InvalidInput, "disk %d has %d GiB and would have %d GiB: disks do not shrink", d.Key, d.CapacityBytes>>30, want)
			}
			if class := c.Disks[d.Key].StorageClass; class != "" && class != d.StorageClass {
				return psn.Errorf(psn.InvalidInput, "disk %d is of storage class %q, not %q: a disk keeps its class", d.Key, d.StorageClass, class)
			}
		}
	}
	if c.NICs == nil {
		return nil
	}
	if err := checkNICs(c.NICs); err != nil {
		return err
	}
	for _, n := range vm.NICs {
		if n.Key < foreignKey && int(n.Key) >= len(c.NICs) {
			return psn.Errorf(psn.InvalidInput, "the list has %d network cards and the machine has card %d: cards are not taken off", len(c.NICs), n.Key)
		}
	}
	return nil
}

// relabel changes the name and the metadata, in one request each.
func (s *Site) relabel(ctx context.Context, m *machine, c driver.VMChange) error {
	if c.DisplayName != nil && *c.DisplayName != m.Name {
		if err := send(ctx, m.nova, http.MethodPut, "servers/"+m.ID, map[string]any{"server": map[string]any{"name": *c.DisplayName}}, nil); err != nil {
			return err
		}
	}
	want := relabelled(m.Metadata, c)
	if maps.Equal(want, m.Metadata) {
		return nil
	}
	// The whole is put in one request, ours with it: there is no moment without.
	return send(ctx, m.nova, http.MethodPut, "servers/"+m.ID+"/metadata", map[string]any{"metadata": want}, nil)
}

// relabelled is a server's metadata after the change. It is pure.
func relabelled(now map[string]string, c driver.VMChange) map[string]string {
	want := maps.Clone(now)
	if want == nil {
		want = map[string]string{}
	}
	if c.Labels != nil {
		for _, k := range []string{keyService, keyClassification, keyRole, keyPrimarySite} {
			delete(want, k)
		}
		maps.Copy(want, labelled(*c.Labels))
	}
	if c.Metadata != nil {
		for k := range owners(now) {
			delete(want, k)
		}
		maps.Copy(want, *c.Metadata)
	}
	return want
}
