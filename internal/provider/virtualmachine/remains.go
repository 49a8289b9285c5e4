package virtualmachine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
)

// goneKey says, in the private state, that the machine is gone and that its disks,
// cards or standby are not. The state goes on naming it, so that a destroy
// removes them and an apply makes the machine anew on the disks that stand.
const goneKey = "gone"

func isGone(ctx context.Context, from private) bool {
	b, _ := from.GetKey(ctx, goneKey)
	return len(b) > 0
}

// eachNear calls f with the places where parts of the machine may stand, and goes
// on after an error.
func (r *vmResource) eachNear(m model, f func(*platform.Site) error) error {
	all, err := r.places.Sites()
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range m.near(all) {
		at, err := r.places.At(s)
		errs = append(errs, err)
		for _, p := range at {
			errs = append(errs, f(p))
		}
	}
	return errors.Join(errs...)
}

// remains names what stands of a machine that is gone.
func (r *vmResource) remains(ctx context.Context, m model, standby *seen) (left []string, err error) {
	if standby != nil {
		left = append(left, fmt.Sprintf("its standby at %s", standby.spot()))
	}
	err = r.eachNear(m, func(p *platform.Site) error {
		some, err := p.VMRemains(ctx, m.vmid())
		for _, what := range some {
			left = append(left, fmt.Sprintf("%s at %s", what, p.Where()))
		}
		return err
	})
	return left, err
}

// refreshGone is the refresh of a machine that stands nowhere. One that was never
// seen has nothing of its own: what a failed create found or left stays for the
// next, and is nothing that a destroy may take.
func (r *vmResource) refreshGone(ctx context.Context, m model, standby *seen, resp *resource.ReadResponse, was private) {
	left, err := r.remains(ctx, m, standby)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Warn("refresh", describe(m.ID, m.Name), err))
		return // in doubt the state goes on naming it
	}
	seenOnce := m.ActiveSite.ValueString() != "" || isGone(ctx, was)
	title, text := m.tellGone(left, seenOnce)
	resp.Diagnostics.AddWarning(title, text)
	if len(left) == 0 || !seenOnce {
		resp.State.RemoveResource(ctx)
		return
	}
	m.ActiveSite = types.StringNull()
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, goneKey, []byte("true"))...)
}

// tellGone says in words what became of a machine that stands nowhere.
func (m model) tellGone(left []string, seenOnce bool) (title, text string) {
	if len(left) == 0 && !seenOnce {
		return describe(m.ID, m.Name) + " was not made", fmt.Sprintf("The apply that was to make it at site %s did not come to it, and nothing of it stands. "+
			"If it is still declared, the next apply makes it.", m.Site.ValueString())
	}
	text = fmt.Sprintf("It was last seen at %s and stands at no configured site any more. ", m.lastSeen())
	switch {
	case len(left) == 0:
		text += "If it is still declared, a new machine with empty disks will be made in its place: what was on its disks does not come back."
	case !seenOnce:
		text = "What an interrupted apply left stays for the next one: " + strings.Join(left, ", ") + ".\n\nWhat to do: apply again, which goes on with it; or, when the machine is not wanted any more, remove it with the platform's own means."
	default:
		text += "What was made for it still stands: " + strings.Join(left, ", ") + ".\n\nWhat to do: apply, which makes the machine anew with what stands (a disk that is not named here is gone, and made empty); or destroy it, which removes all of this and what is on it."
	}
	return describe(m.ID, m.Name) + " was not found", text
}

// returned plans a machine that is gone: it will stand at home again.
func (m *model) returned() {
	m.ActiveSite = m.Site
	m.MACAddresses = types.ListUnknown(types.StringType)
	m.Disruption = types.StringValue("makes the machine anew with what stands of it")
}

// remake makes a machine that is gone, with the disks and standby as the state
// has them: what is to change of it changes afterwards.
func (r *vmResource) remake(ctx context.Context, from tfsdk.Config, m, state model) (*seen, diag.Diagnostics) {
	var config model
	diags := from.Get(ctx, &config)
	if diags.HasError() {
		return nil, diags
	}
	config.ID, config.Name = m.ID, m.Name
	fail := func(err error) (*seen, diag.Diagnostics) {
		return nil, append(diags, diagnose.Unable("make anew", describe(m.ID, m.Name), err))
	}
	boot, err := config.firstBoot()
	if err != nil {
		return fail(err)
	}
	if err := r.room(ctx, m); err != nil {
		return fail(err)
	}
	home := m.home()
	at, err := r.places.Site(home.site, home.platform)
	if err != nil {
		return fail(err)
	}
	m.Disks = state.Disks
	if _, err := r.makeActive(ctx, m, boot); err != nil {
		return fail(err)
	}
	vm, err := at.FindVM(ctx, m.vmid())
	if err != nil {
		return fail(err)
	}
	return &seen{at, vm}, diags
}

// sweep removes what stands of a machine that is gone.
func (r *vmResource) sweep(ctx context.Context, m model, was private) error {
	if m.ActiveSite.ValueString() == "" && !isGone(ctx, was) {
		return nil // it was never seen: see refreshGone
	}
	return r.eachNear(m, func(p *platform.Site) error { return p.DeleteVMRemains(ctx, m.vmid()) })
}

// stands forgets that the machine was gone.
func stands(ctx context.Context, was private, into notes) diag.Diagnostics {
	if !isGone(ctx, was) {
		return nil
	}
	return into.SetKey(ctx, goneKey, nil)
}
