package virtualmachine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// goneKey says, in the private state, that the machine is gone and that its disks,
// cards or standby are not, and at which site it was active last. The state goes
// on naming it, so that a destroy removes them and an apply makes the machine
// anew on the disks that stand.
const goneKey = "gone"

func isGone(ctx context.Context, from private) bool {
	b, _ := from.GetKey(ctx, goneKey)
	return len(b) > 0
}

// recall is m with the site where it was active last, also when it is gone since
// an earlier refresh: what stands of it need not be at home.
func (m model) recall(ctx context.Context, was private) model {
	b, _ := was.GetKey(ctx, goneKey)
	var last psn.Site
	if m.ActiveSite.ValueString() == "" && json.Unmarshal(b, &last) == nil {
		m.ActiveSite = optional(string(last))
	}
	return m
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

// part is something that stands of a machine that is gone.
type part struct {
	what string // for people, with the place
	away bool   // not where the machine is to be made anew
	kept bool   // the machine itself, which can be restored: what says how
}

func told(parts []part, of func(part) bool) string {
	var out []string
	for _, p := range parts {
		if of(p) {
			out = append(out, p.what)
		}
	}
	return strings.Join(out, ", ")
}

func (p part) any() bool    { return true }
func (p part) isAway() bool { return p.away }
func (p part) isKept() bool { return p.kept }

// remains tells what stands of a machine that is gone and was to be at home.
func (r *vmResource) remains(ctx context.Context, m model, home spot, standby *seen) (left []part, err error) {
	if standby != nil {
		left = append(left, part{what: fmt.Sprintf("its standby at %s", standby.spot())})
	}
	err = r.eachNear(m, func(p *platform.Site) error {
		some, err := p.VMRemains(ctx, m.vmid())
		if psn.Is(err, psn.Conflict) {
			left = append(left, part{what: err.Error(), kept: true})
			return nil
		}
		for _, what := range some {
			left = append(left, part{what: fmt.Sprintf("%s at %s", what, p.Where()), away: p.ID() != home.site || p.Platform() != home.platform})
		}
		return err
	})
	return left, err
}

// refreshGone is the refresh of a machine that stands nowhere: what the state is
// to say of it, nil for nothing any more. One that was never seen has nothing of
// its own: what a failed create found or left stays for the next, and is nothing
// that a destroy may take.
func (r *vmResource) refreshGone(ctx context.Context, m model, standby *seen, was private, into notes) (*model, diag.Diagnostics) {
	state := m
	m = m.recall(ctx, was)
	left, err := r.remains(ctx, m, m.home(), standby)
	if err != nil {
		// In doubt the state goes on naming it.
		return &state, diag.Diagnostics{diagnose.Warn("refresh", describe(m.ID, m.Name), err)}
	}
	seenOnce := m.ActiveSite.ValueString() != "" || isGone(ctx, was)
	title, text := m.tellGone(left, seenOnce)
	diags := diag.Diagnostics{diag.NewWarningDiagnostic(title, text)}
	if len(left) == 0 || !seenOnce {
		return nil, diags
	}
	last, err := json.Marshal(m.ActiveSite.ValueString())
	if err != nil {
		return &state, append(diags, diagnose.Warn("refresh", describe(m.ID, m.Name), err))
	}
	m.ActiveSite = types.StringNull()
	return &m, append(diags, into.SetKey(ctx, goneKey, last)...)
}

// tellGone says in words what became of a machine that stands nowhere.
func (m model) tellGone(left []part, seenOnce bool) (title, text string) {
	if len(left) == 0 && !seenOnce {
		return describe(m.ID, m.Name) + " was not made", fmt.Sprintf("The apply that was to make it at site %s did not come to it, and nothing of it stands. "+
			"If it is still declared, the next apply makes it.", m.Site.ValueString())
	}
	text = fmt.Sprintf("It was last seen at %s and stands at no configured site any more. ", m.lastSeen())
	if kept := told(left, part.isKept); kept != "" {
		if !seenOnce {
			text = ""
		}
		return describe(m.ID, m.Name) + " was deleted and can be restored", text + "It was deleted, but not for good, and what was made for it is its own yet: " + kept +
			".\n\nWhat to do: one of the two, and plan again. Until then an apply makes nothing in its place, and a destroy removes nothing of it."
	}
	all, away := told(left, part.any), told(left, part.isAway)
	switch {
	case len(left) == 0:
		text += "If it is still declared, a new machine with empty disks will be made in its place: what was on its disks does not come back."
	case !seenOnce:
		text = "What an interrupted apply left stays for the next one: " + all + ".\n\nWhat to do: apply again, which goes on with it; or, when the machine is not wanted any more, remove it with the platform's own means."
	case away != "":
		text += "What was made for it still stands: " + all + ".\n\nWhat to do: " + notHome(m.home(), away) + "; or destroy it, which removes all of this and what is on it."
	default:
		text += "What was made for it still stands: " + all + ".\n\nWhat to do: apply, which makes the machine anew with what stands (a disk that is not named here is gone, and made empty); or destroy it, which removes all of this and what is on it."
	}
	return describe(m.ID, m.Name) + " was not found", text
}

// notHome says why a machine is not made anew at home beside what stands of it
// elsewhere, and the ways there are.
func notHome(home spot, away string) string {
	return fmt.Sprintf("at %s, its home, it would be made with empty disks, and is not made there while this stands elsewhere: %s. "+
		"Declare it where that stands (site, platform and cluster, or a placement there), and an apply makes it anew with it; "+
		"or, when that is not wanted any more, remove it with the platform's own means", home, away)
}

// returned plans a machine that is gone: it will stand at home again.
func (m *model) returned() {
	m.ActiveSite = m.Site
	m.MACAddresses = types.ListUnknown(types.StringType)
	m.Disruption = types.StringValue("makes the machine anew with what stands of it; disks that are gone are made empty")
}

// remake makes a machine that is gone, with the disks and standby as the state
// has them: what is to change of it changes afterwards.
func (r *vmResource) remake(ctx context.Context, from tfsdk.Config, m, state model, was private) (*seen, diag.Diagnostics) {
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
	if err := r.together(ctx, m, state, was); err != nil {
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
	if _, err := r.makeActive(ctx, m, boot, true); err != nil {
		return fail(err)
	}
	vm, err := at.FindVM(ctx, m.vmid())
	if err != nil {
		return fail(err)
	}
	return &seen{at, vm}, diags
}

// together refuses to make a machine away from what stands of it: it would come
// up with empty disks while those that hold its data are elsewhere. Nor is one made
// in the place of one that can be restored, which has its disks.
func (r *vmResource) together(ctx context.Context, m, state model, was private) error {
	left, err := r.remains(ctx, state.recall(ctx, was), m.home(), nil)
	if err != nil {
		return err
	}
	if kept := told(left, part.isKept); kept != "" {
		return psn.Errorf(psn.Conflict, "it was deleted and can be restored, and another is not made in its place: %s", kept)
	}
	if away := told(left, part.isAway); away != "" {
		return psn.Errorf(psn.Conflict, "%s", notHome(m.home(), away))
	}
	return nil
}

// sweep removes what stands of a machine that is gone.
func (r *vmResource) sweep(ctx context.Context, m model, was private) error {
	m = m.recall(ctx, was)
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
