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
