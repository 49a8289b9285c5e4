package virtualmachine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// madeFromKey holds, in the private state of an imported machine, what the
// platform calls the image it was made from: its id and its name.
const madeFromKey = "made_from"

// past is what is known of a machine that its state does not tell.
type past struct {
	imported bool
	madeFrom []string
	gone     bool // it is made anew, as declared now
}

func pastOf(ctx context.Context, from private) past {
	p := past{imported: isImported(ctx, from), gone: isGone(ctx, from)}
	if b, _ := from.GetKey(ctx, madeFromKey); len(b) > 0 && json.Unmarshal(b, &p.madeFrom) != nil {
		p.madeFrom = nil
	}
	return p
}

// importImage takes over, after an import, the image that the platform says the
// machine was made from, and keeps its name too: a configuration may say either.
func (m *model) importImage(ctx context.Context, at seen, into notes) diag.Diagnostics {
	if at.vm.Image == "" {
		return nil
	}
	m.Image = types.StringValue(at.vm.Image)
	names := []string{at.vm.Image}
	images, err := at.at.Images(ctx)
	if err != nil {
		images = nil // it goes by its id alone
	}
	for _, i := range images {
		if i.Ref == at.vm.Image {
			names = append(names, i.Name)
		}
	}
	b, err := json.Marshal(names)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to keep which image the machine was made from", err.Error())}
	}
	return into.SetKey(ctx, madeFromKey, b)
}

// keepGuest keeps what the machine was made with: what is declared later is for
// machines to be made, and neither touches this one nor stands in its way. What
// the state does not know is written down as declared.
func (m *model) keepGuest(config, prior model, was past, diags *diag.Diagnostics) {
	const (
		making = "used when a machine is made and never again"
		boot   = "read by the guest at its first boot and never again"
	)
	if was.gone {
		return
	}
	var kept, noted []string
	reasons := map[string]bool{}
	for _, f := range []struct {
		name    string
		was, is attr.Value
		keep    func()
		why     string
	}{
		{"image", prior.Image, config.Image, func() { m.Image = prior.Image }, making},
		{"guest_os", prior.GuestOS, config.GuestOS, func() { m.GuestOS = prior.GuestOS }, making},
		{"firmware", prior.Firmware, config.Firmware, func() { m.Firmware = prior.Firmware }, making},
		{"group", prior.Group, config.Group, func() { m.Group = prior.Group }, making},
		{"group_policy", prior.GroupPolicy, config.GroupPolicy, func() { m.GroupPolicy = prior.GroupPolicy }, making},
		{"user_data", prior.UserData, config.UserData, func() { m.UserData = prior.UserData }, boot},
		{"user_data_wo_version", prior.UserDataWOVersion, config.UserDataWOVersion, func() { m.UserDataWOVersion = prior.UserDataWOVersion }, boot},
		{"vendor_data_wo_version", prior.VendorDataWOVersion, config.VendorDataWOVersion, func() { m.VendorDataWOVersion = prior.VendorDataWOVersion }, boot},
		{"ssh_keys", prior.SSHKeys, config.SSHKeys, func() { m.SSHKeys = prior.SSHKeys }, boot},
	} {
		switch {
		case f.is.Equal(f.was), was.imported && f.name == "image" && slices.Contains(was.madeFrom, text(f.is)):
		case f.name == "image" && f.is.IsNull():
			f.keep() // nothing is asked for
		case f.was.IsNull() || f.is.IsNull():
			noted = append(noted, f.name)
		default:
			// Not known yet, it may turn out to be null, which only a computed attribute
			// can turn into what is kept, or to be the other name of an imported image,
			// which is written down: a plan that said otherwise would not be kept to.
			if !f.is.IsUnknown() || f.name == "image" && !was.imported {
				f.keep()
			}
			kept, reasons[f.why] = append(kept, f.name), true
		}
	}
	name := describe(m.ID, m.Name)
	if len(kept) > 0 {
		why := making
		switch {
		case reasons[boot] && reasons[making]:
			why = "used when a machine is made or first boots and never again"
		case reasons[boot]:
			why = boot
		}
		detail := fmt.Sprintf("%s stands, and what is declared now differs from, or is not known yet to be, what it was made with: %s, %s. "+
			"The machine and what is on its disks stay as they are.", upper(name), strings.Join(kept, ", "), why)
		if slices.Contains(kept, "image") {
			detail += fmt.Sprintf(" It was made from image %q; the image declared now is for machines to be made.", prior.Image.ValueString())
		}
		diags.AddAttributeWarning(path.Root(kept[0]), "A machine that stands keeps what it was made with",
			fmt.Sprintf("%s\n\nWhat to do: nothing, when that is meant; lifecycle { ignore_changes = [%s] } leaves it out of plans. "+
				"Should the machine be made anew, with empty disks or those of the new image, ask for it with -replace.", detail, strings.Join(kept, ", ")))
	}
	switch {
	case len(noted) > 0 && was.imported:
		diags.AddAttributeWarning(path.Root(noted[0]), "What was imported is taken as declared",
			fmt.Sprintf("The platform does not tell %s of %s. What the configuration says is written down; the machine itself is not changed.", strings.Join(noted, ", "), name))
	case len(noted) > 0:
		diags.AddAttributeWarning(path.Root(noted[0]), "A machine that stands is not changed by what it is made with",
			fmt.Sprintf("The configuration gives or leaves out %s, unlike when %s was made. It is written down; the machine itself is not changed, "+
				"and uses it only when it is made anew.", strings.Join(noted, ", "), name))
	}
}
