// Package volume is psn_volume: a disk of a tenant with a life of its own, at
// one site on one platform. It must not know a hypervisor.
package volume

import (
	"context"
	"crypto/rand"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ located.Object[model] = volume{}

type volume struct{}

// New returns the resource.
func New() resource.Resource { return located.New(volume{}) }

// Kind implements located.Object.
func (volume) Kind() string { return "volume" }

// Shared implements located.Object.
func (volume) Shared() bool { return false }

// Create implements located.Object. The machine is looked for first: nothing is
// made for one that does not exist. A volume that another made, be it at the same
// time, is never taken over, lest the end of one configuration be the end of
// another's data. Not psn.Conflict: it must not come into the state.
func (volume) Create(ctx context.Context, at *platform.Site, m *model) error {
	vm, err := machine(ctx, at, m.vm())
	if err != nil {
		return err
	}
	spec := m.expand()
	spec.Maker = rand.Text()
	m.maker = spec.Maker
	v, err := at.CreateVolume(ctx, spec)
	if psn.Is(err, psn.AlreadyExists) {
		return psn.Errorf(psn.AlreadyExists, "%w: it may hold data of another configuration that declares it: give this one another name; "+
			"or, when an apply that was cut off made it for this configuration, import it by the id %q, or delete it with the platform's own means", err, m.ID.ValueString())
	}
	if err != nil {
		return err
	}
	m.maker = ""
	to := m.AttachedTo
	m.flatten(*v, "")
	if vm == "" {
		return nil
	}
	if err := at.AttachVolume(ctx, v.Ref, vm); err != nil {
		return err
	}
	m.AttachedTo = to
	return nil
}

// Read implements located.Object. After a create that failed only what that has
// made is there.
func (volume) Read(ctx context.Context, at *platform.Site, m *model) error {
	v, err := at.FindVolume(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	if m.maker != "" && v.Maker != m.maker {
		return psn.Errorf(psn.NotFound, "volume %q (%s) is another's", v.Name, v.Ref)
	}
	holder, err := holder(ctx, at, v)
	if err != nil {
		return psn.Errorf(psn.Unavailable, "find the machine that has it: %w", err)
	}
	m.flatten(*v, holder)
	return nil
}

// Update implements located.Object: taken off, grown, then given to the machine,
// as far as each is asked for.
func (volume) Update(ctx context.Context, at *platform.Site, m *model, prior model) error {
	vm, err := machine(ctx, at, m.vm())
	if err != nil {
		return err
	}
	v, err := at.FindVolume(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	if v.AttachedTo != "" && v.AttachedTo != vm {
		if err := release(ctx, at, v, prior); err != nil {
			return err
		}
		v.AttachedTo = ""
	}
	if m.SizeGiB.ValueInt64() > sizeOf(*v) {
		spec := m.expand()
		spec.StorageClass, spec.Zone = v.StorageClass, v.Zone // wherever it lies by now
		grown, err := at.UpdateVolume(ctx, v.Ref, spec)
		if err != nil {
			return err
		}
		grown.AttachedTo = v.AttachedTo
		v = grown
	}
	if vm != "" && v.AttachedTo != vm {
		if err := at.AttachVolume(ctx, v.Ref, vm); err != nil {
			return err
		}
	}
	m.flatten(*v, m.AttachedTo.ValueString())
	return nil
}

// Delete implements located.Object. It takes the volume off the machine it was
// given to, and off no other.
func (volume) Delete(ctx context.Context, at *platform.Site, m model) error {
	v, err := at.FindVolume(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	if v.AttachedTo != "" {
		if err := release(ctx, at, v, m); err != nil {
			return err
		}
	}
	return at.DeleteVolume(ctx, v.Ref)
}

// machine is the ref of the machine of that id at the site, empty for no id.
func machine(ctx context.Context, at *platform.Site, id psn.VMID) (string, error) {
	if id == "" {
		return "", nil
	}
	vm, err := at.FindVM(ctx, id)
	if psn.Is(err, psn.NotFound) {
		return "", psn.Errorf(psn.InvalidInput, "attached_to: %w: a volume is given to machines of its own site and platform", err)
	}
	if err != nil {
		return "", err
	}
	return vm.Ref, nil
}

// holder is the id of the machine that has the volume, or the platform's own
// name of it when it is none of ours.
func holder(ctx context.Context, at *platform.Site, v *driver.Volume) (string, error) {
	if v.AttachedTo == "" {
		return "", nil
	}
	vm, err := at.FindRef(ctx, v.AttachedTo)
	switch {
	case psn.Is(err, psn.NotFound):
		return v.AttachedTo, nil
	case err != nil:
		return "", err
	case vm.ID == "":
		return v.AttachedTo, nil
	}
	return string(vm.ID), nil
}

// release takes the volume off the machine that the state says has it.
func release(ctx context.Context, at *platform.Site, v *driver.Volume, prior model) error {
	has, err := holder(ctx, at, v)
	if err != nil {
		return psn.Errorf(psn.CodeOf(err), "find the machine that has it: %w", err)
	}
	if has != prior.AttachedTo.ValueString() {
		return psn.Errorf(psn.Conflict, "it was given to machine %q by other means: take it off there first", has)
	}
	return at.DetachVolume(ctx, v.Ref, v.AttachedTo)
}
