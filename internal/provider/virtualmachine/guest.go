package virtualmachine

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/virtualmachine/cloudinit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// firstBoot is what cloud-init reads, complete. It may hold secrets, so that it
// lives only while a machine is being made.
type firstBoot struct{ user, vendor []byte }

// firstBoot is what a configuration has cloud-init read. Write-only values
// stand in the configuration only, never in a plan or state.
func (m model) firstBoot() (firstBoot, error) {
	own := m.UserData.ValueString()
	if !m.UserDataWO.IsNull() {
		own = m.UserDataWO.ValueString()
	}
	var keys []string
	for _, v := range m.SSHKeys.Elements() {
		keys = append(keys, text(v))
	}
	user, err := cloudinit.Render(keys, own)
	if err != nil {
		return firstBoot{}, err
	}
	f := firstBoot{user: user}
	if vendor := m.VendorDataWO.ValueString(); vendor != "" {
		f.vendor = []byte(vendor)
	}
	return f, nil
}

// checkGuest refuses, as far as they are known, keys that are none, metadata
// that is ours and documents that no platform takes.
func (m model) checkGuest(diags *diag.Diagnostics) {
	name := describe(m.ID, m.Name)
	known := !m.UserData.IsUnknown() && !m.UserDataWO.IsUnknown() && !m.SSHKeys.IsUnknown()
	for i, v := range m.SSHKeys.Elements() {
		if v.IsUnknown() {
			known = false
		} else if err := cloudinit.CheckKey(text(v)); err != nil {
			diags.Append(diagnose.UnableAt(path.Root("ssh_keys").AtListIndex(i), "plan", name, psn.At(fmt.Sprintf("ssh_keys[%d]", i), err)))
			known = false
		}
	}
	if known {
		if _, err := m.firstBoot(); err != nil {
			at := "user_data"
			if !m.UserDataWO.IsNull() {
				at = "user_data_wo"
			}
			diags.Append(diagnose.UnableAt(path.Root(at), "plan", name, psn.At(at, err)))
		}
	}
	for key, v := range m.Metadata.Elements() {
		if err := checkMetadata(key, text(v)); err != nil {
			diags.Append(diagnose.UnableAt(path.Root("metadata").AtMapKey(key), "plan", name, err))
		}
	}
}

var metadataKey = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,255}$`)

// checkMetadata holds an entry to what both platforms keep.
func checkMetadata(key, value string) error {
	switch {
	case strings.HasPrefix(strings.ToLower(key), "psn."):
		return psn.Errorf(psn.InvalidInput, "metadata key %q begins with \"psn.\", which marks what this project writes itself: choose another key", key)
	case !metadataKey.MatchString(key):
		return psn.Errorf(psn.InvalidInput, "metadata key %q is not valid: use 1 to 255 letters, digits, and any of _ . : -", key)
	case len(value) > 255:
		return psn.Errorf(psn.InvalidInput, "metadata %q has %d bytes, at most 255 are kept: keep what is longer elsewhere", key, len(value))
	}
	return nil
}

// keepGuest refuses to change what a machine reads only when it is made. After
// an import, what the configuration says first is written down as it is: the
// platform does not tell it.
func (m *model) keepGuest(config, prior model, imported bool, diags *diag.Diagnostics) {
	const (
		making = "it is used when the machine is made and never again"
		boot   = "the guest reads it at its first boot and never again"
	)
	var noted []string
	for _, f := range []struct {
		name    string
		was, is attr.Value
		why     string
	}{
		{"image", prior.Image, config.Image, making},
		{"guest_os", prior.GuestOS, config.GuestOS, making},
		{"firmware", prior.Firmware, config.Firmware, making},
		{"group", prior.Group, config.Group, making},
		{"group_policy", prior.GroupPolicy, config.GroupPolicy, making},
		{"user_data", prior.UserData, config.UserData, boot},
		{"user_data_wo_version", prior.UserDataWOVersion, config.UserDataWOVersion, boot},
		{"vendor_data_wo_version", prior.VendorDataWOVersion, config.VendorDataWOVersion, boot},
		{"ssh_keys", prior.SSHKeys, config.SSHKeys, boot},
	} {
		switch {
		case f.is.IsUnknown() || f.is.Equal(f.was) || f.was.IsNull() && f.is.IsNull():
		case imported && f.was.IsNull():
			noted = append(noted, f.name)
		default:
			diags.AddAttributeError(path.Root(f.name), fmt.Sprintf("Unable to change %s of %s", f.name, describe(m.ID, m.Name)),
				fmt.Sprintf("The machine stands, and %s; this provider makes no machine anew for it, because what is on its disks would be lost.\n\n"+
					"What to do: put the value back, or keep it out of plans with lifecycle { ignore_changes = [%s] }. "+
					"Should the machine be made anew with empty disks, mark its resource with the taint command.", f.why, f.name))
		}
	}
	if len(noted) > 0 {
		diags.AddAttributeWarning(path.Root(noted[0]), "What was imported is taken as declared",
			fmt.Sprintf("The platform does not tell %s of %s. What the configuration says is written down; the machine itself is not changed.", strings.Join(noted, ", "), describe(m.ID, m.Name)))
	}
}

// settable are the attributes that not every platform has a notion for.
func (m model) settable() []struct {
	at     path.Path
	given  attr.Value
	notion driver.Notion
	remedy string
} {
	type settable = struct {
		at     path.Path
		given  attr.Value
		notion driver.Notion
		remedy string
	}
	const elsewhere = ", or have psn_placement choose the other platform (platforms in the workload)"
	out := []settable{
		{path.Root("security_groups"), m.SecurityGroups, driver.NotionSecurityGroup, "leave it out and filter traffic in the guest or at the network's edge" + elsewhere},
		{path.Root("vendor_data_wo"), m.VendorDataWO, driver.NotionVendorData, "put it into user_data_wo: vendor data is the cloud's own there" + elsewhere},
		{path.Root("user_data"), m.UserData, driver.NotionUserData, "leave it out" + elsewhere},
		{path.Root("user_data_wo"), m.UserDataWO, driver.NotionUserData, "leave it out" + elsewhere},
		{path.Root("ssh_keys"), m.SSHKeys, driver.NotionUserData, "leave it out" + elsewhere},
		{path.Root("image"), m.Image, driver.NotionImage, "leave it out and install the machine by other means" + elsewhere},
		{path.Root("group"), m.Group, driver.NotionServerGroup, "leave it out" + elsewhere},
	}
	for i, c := range cardsOf(m.NICs) {
		out = append(out, settable{path.Root("nics").AtListIndex(i).AtName("fixed_ip"), c.fixedIP, driver.NotionFixedIP,
			"leave it out and set the address in the guest, for example by user_data" + elsewhere})
	}
	return out
}

// notions refuses attributes that mean nothing on the platform; an unknown
// platform is checked again when the machine is made.
func (m model) notions(p types.String, diags *diag.Diagnostics) {
	if p.IsNull() || p.IsUnknown() {
		return
	}
	for _, a := range m.settable() {
		if a.given == nil || a.given.IsNull() || a.given.IsUnknown() {
			continue
		}
		if err := a.notion.On(psn.Platform(p.ValueString())); err != nil {
			diags.AddAttributeError(a.at, diagnose.Summary("plan", describe(m.ID, m.Name)),
				fmt.Sprintf("%s cannot be given: %v.\n\nWhat to do: %s.", a.at, err, a.remedy))
		}
	}
}
