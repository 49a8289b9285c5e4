package virtualmachine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// verifyWait is how long a failed create may take to look what it left.
const verifyWait = 30 * time.Second

// vacant looks at every site before a machine is made. A machine of the id that
// stands already is somebody else's and refused, unless it is, in place, labels
// and sizes, what an interrupted create of this very declaration leaves. It tells
// whether the machine and its standby stand so.
func (r *vmResource) vacant(ctx context.Context, m model, diags *diag.Diagnostics) (active, standby bool) {
	all, err := r.places.Sites()
	if err != nil {
		diags.Append(diagnose.Unable("create", describe(m.ID, m.Name), err))
		return false, false
	}
	for _, s := range all {
		found, err := everyAt(ctx, r.places, m.vmid(), s, (*platform.Site).FindNewVM)
		if err != nil {
			if s == m.home().site || s == m.standby().site {
				diags.Append(diagnose.UnableAt(path.Root("site"), "create", describe(m.ID, m.Name), err))
				continue
			}
			diags.AddAttributeWarning(path.Root("site"), fmt.Sprintf("Unable to look for %s at %s", describe(m.ID, m.Name), s),
				diagnose.Detail(err)+"\n\nShould a machine of this id stand there, two will exist.")
			continue
		}
		for _, f := range found {
			if !m.leftover(f) {
				diags.AddAttributeError(path.Root("name"), diagnose.Summary("create", describe(m.ID, m.Name)), m.exists(f))
				continue
			}
			if f.vm.Role == psn.RoleStandby {
				standby = true
			} else {
				active = true
				diags.AddAttributeWarning(path.Root("name"), fmt.Sprintf("%s stood already", describe(m.ID, m.Name)),
					fmt.Sprintf("It stands at %s (cluster %s) exactly as declared, as an interrupted apply leaves it, and was taken over.\n\n"+
						"What to do: if another configuration declares it too, take it out of one of the two.", f.at.ID(), f.vm.Cluster))
			}
		}
	}
	return active, standby
}

func (m model) exists(f seen) string {
	what := "A machine"
	if f.vm.Role == psn.RoleStandby {
		what = "A standby"
	}
	return fmt.Sprintf("%s of this id already exists at %s (cluster %s), of service %q and class %q with %d vCPUs and %d MiB of memory, and is not what this declaration would make. Nothing was changed.\n\n"+
		"What to do: import it with an import block of id %q (or the import command) and declare it as it stands, or give this machine another name.",
		what, f.at.ID(), f.vm.Cluster, f.vm.Service, f.vm.Classification, f.vm.VCPUs, f.vm.MemoryMiB, m.ID.ValueString())
}

// theirs is said of a machine that another apply made while this one was to make it.
func theirs(f seen) string {
	return fmt.Sprintf("another apply made it at the same time: it stands at %s (cluster %s), and nothing of it was changed: "+
		"if another configuration declares it too, take it out of one of the two; if not, apply again, which takes it over", f.at.ID(), f.vm.Cluster)
}

// leftover reports whether f is what a create of m makes there.
func (m model) leftover(f seen) bool {
	spec, at := m.expandActive(), m.home()
	if f.vm.Role == psn.RoleStandby {
		spec, at = m.expandStandby(), m.standby()
	}
	if f.spot() != at {
		return false
	}
	return made(*f.vm, spec)
}

// made reports whether vm is the machine that spec asks for.
func made(vm psn.VM, spec driver.VMSpec) bool {
	labels := driver.Labels{Service: vm.Service, Classification: vm.Classification, Role: vm.Role, PrimarySite: vm.PrimarySite}
	if vm.ID != spec.ID || labels != spec.Labels || vm.VCPUs != spec.VCPUs || vm.MemoryMiB != spec.MemoryMiB {
		return false
	}
	return slices.EqualFunc(own(vm.Disks), spec.Disks, func(d psn.Disk, s driver.DiskSpec) bool { return d.CapacityBytes == s.CapacityBytes })
}

// nothingLeft looks, after a create failed, whether no machine was made there. In
// doubt it says no, so that the state goes on naming what may exist.
func (r *vmResource) nothingLeft(ctx context.Context, where spot, id psn.VMID, cause error) bool {
	if psn.Is(cause, psn.Unavailable) || ctx.Err() != nil {
		return false // the site may still be making it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyWait)
	defer cancel()
	at, err := r.places.Site(where.site, where.platform)
	if err != nil {
		return true // the site is not configured: nobody was asked
	}
	at.Refresh()
	_, err = at.FindVM(ctx, id)
	return psn.Is(err, psn.NotFound)
}

// undone says whether nothing of a create that failed is left, so that the state
// has nothing to name: what somebody else made is theirs. A standby that it made,
// and nobody else, is removed again.
func (r *vmResource) undone(ctx context.Context, m model, hadStandby bool, cause error) (bool, error) {
	var other *taken
	theirs := errors.As(cause, &other) || psn.Is(cause, psn.AlreadyExists)
	if !theirs && !r.nothingLeft(ctx, m.home(), m.vmid(), cause) {
		return false, nil
	}
	to := m.standby()
	if to == (spot{}) || hadStandby {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyWait)
	defer cancel()
	at, err := r.places.Site(to.site, to.platform)
	if err != nil {
		return true, err
	}
	vm, err := at.FindVM(ctx, m.vmid())
	switch {
	case psn.Is(err, psn.NotFound):
		return true, nil
	case err == nil && vm.Role == psn.RoleStandby:
		err = at.DeleteVM(ctx, vm.Ref)
	}
	return true, err
}

// room refuses a place chosen by hand that does not exist or could never hold
// the machine, before anything is made. What a placement decided was checked there.
func (r *vmResource) room(ctx context.Context, m model) error {
	if !m.Placement.IsNull() {
		return nil
	}
	home := m.home()
	at, err := r.places.Site(home.site, home.platform)
	if err != nil {
		return err
	}
	clusters, err := r.data.Clusters(ctx, at)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range clusters {
		if c.Name != home.cluster {
			names = append(names, c.Name)
			continue
		}
		asked := psn.Resources{VCPUs: m.VCPUs.ValueInt64(), MemoryMiB: m.MemoryGiB.ValueInt64() * mibPerGiB}
		sum, _ := sumOf(m.Disks)
		asked.StorageMiB = sum * mibPerGiB
		if !asked.Fits(c.Capacity) {
			return psn.Errorf(psn.InvalidInput,
				"%d vCPUs, %d MiB of memory and %d MiB of storage are asked for; cluster %q at %s holds %d vCPUs, %d MiB and %d MiB in all, without the hosts that host_failures of the configuration file holds back: ask for less, choose another cluster, or hold fewer hosts back",
				asked.VCPUs, asked.MemoryMiB, asked.StorageMiB, c.Name, home.site, c.Capacity.VCPUs, c.Capacity.MemoryMiB, c.Capacity.StorageMiB)
		}
		return nil
	}
	return psn.Errorf(psn.InvalidInput, "site %s has no cluster %q: use one of %q", home.site, home.cluster, names)
}

// ours refuses to touch a machine whose labels say it is not the one of m.
func (m model) ours(f seen) error {
	if f.vm.ID == m.vmid() && (m.ServiceID.ValueString() == "" || string(f.vm.Service) == m.ServiceID.ValueString()) {
		return nil
	}
	return psn.Errorf(psn.Conflict, "the machine at %s (cluster %s) bears the labels of %q of service %q, the state says %q of service %q: it is left alone; "+
		"if it is the same machine, remove it from the state and import it", f.at.ID(), f.vm.Cluster, f.vm.ID, f.vm.Service, m.vmid(), m.ServiceID.ValueString())
}
