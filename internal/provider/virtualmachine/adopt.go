package virtualmachine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Keys of the private state: the machine of somebody else that the first apply
// marks as ours, and that what the platform does not tell was never declared.
const (
	adoptKey    = "adopt"
	importedKey = "imported"
)

// adopter is a backend that can mark a machine it did not make.
type adopter interface {
	// AdoptVM gives the machine our id and labels and puts it where machines of
	// the tenant are. Its disks, cards and power stay as they are. Idempotent;
	// psn.Conflict when it bears the marks of another id.
	AdoptVM(ctx context.Context, ref string, id psn.VMID, l driver.Labels) error
}

// adopting reads what is to be taken over, nil when nothing is.
func adopting(ctx context.Context, from private) *foreign {
	b, _ := from.GetKey(ctx, adoptKey)
	var f foreign
	if len(b) == 0 || json.Unmarshal(b, &f) != nil {
		return nil
	}
	return &f
}

func isImported(ctx context.Context, from private) bool {
	b, _ := from.GetKey(ctx, importedKey)
	return len(b) > 0
}

// noteImport writes down what an import leaves for the first apply to do.
func noteImport(ctx context.Context, of *foreign, into notes) diag.Diagnostics {
	diags := into.SetKey(ctx, importedKey, []byte("true"))
	if of == nil {
		return diags
	}
	b, err := json.Marshal(of)
	if err != nil {
		diags.AddError("Unable to keep which machine is imported", err.Error())
		return diags
	}
	diags.Append(into.SetKey(ctx, adoptKey, b)...)
	return diags
}

// noteAdopted forgets it, once the apply has done it.
func noteAdopted(ctx context.Context, into notes) diag.Diagnostics {
	diags := into.SetKey(ctx, importedKey, nil)
	diags.Append(into.SetKey(ctx, madeFromKey, nil)...)
	diags.Append(into.SetKey(ctx, adoptKey, nil)...)
	return diags
}

// look finds the machine to be taken over. One that bears our marks already, as
// an interrupted apply leaves it, is found as well.
func (r *vmResource) look(ctx context.Context, id psn.VMID, f foreign) (*seen, error) {
	at, err := r.places.Site(f.Site, f.Platform)
	if err != nil {
		return nil, err
	}
	ref := f.Ref
	vm, err := at.Lookup(ctx, f.Ref)
	switch {
	case err == nil:
		ref = vm.Ref
	case !psn.Is(err, psn.NotFound):
		return nil, err
	}
	// A bulk read has no disks and cards of machines that are not ours.
	if vm, err = at.DescribeVM(ctx, ref); err != nil {
		return nil, err
	}
	if vm.ID != "" && vm.ID != id {
		return nil, psn.Errorf(psn.Conflict, "the machine %q at %s bears the marks of %q: import it by that id", f.Ref, at.Where(), vm.ID)
	}
	return &seen{at, vm}, nil
}

// adopt marks the machine as ours. No other machine of the id may stand anywhere.
func (r *vmResource) adopt(ctx context.Context, m model, f foreign) error {
	found, err := r.look(ctx, m.vmid(), f)
	if err != nil {
		return err
	}
	all, err := r.places.Sites()
	if err != nil {
		return err
	}
	active, _, err := locate(ctx, r.places, m.vmid(), all)
	if err != nil {
		return fmt.Errorf("look for other machines of the id: %w", err)
	}
	if active != nil && (active.spot() != found.spot() || active.vm.Ref != found.vm.Ref) {
		return psn.Errorf(psn.AlreadyExists, "%s exists already at %s: give the machine to be taken over another id", m.vmid(), active.spot())
	}
	drv, err := found.at.Driver(ctx)
	if err != nil {
		return err
	}
	a, ok := drv.(adopter)
	if !ok {
		return psn.Errorf(psn.Unsupported, "platform %q takes no machines over that this project did not make", f.Platform)
	}
	err = a.AdoptVM(ctx, found.vm.Ref, m.vmid(), m.labels(psn.RoleActive))
	found.at.Refresh()
	return psn.At(found.at.Where(), err)
}
