package virtualmachine

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// guestAttributes are what the machine starts from and what its owner notes on
// it. All but metadata is used when the machine is made, and never again.
func guestAttributes() map[string]schema.Attribute {
	text := func(doc string, v ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc, Validators: append(v, stringvalidator.LengthAtLeast(1))}
	}
	made := func(a schema.StringAttribute) schema.StringAttribute {
		a.Computed = true // once made, the state tells
		return a
	}
	secret := func(doc string, v ...validator.String) schema.StringAttribute {
		a := text(doc, v...)
		a.WriteOnly, a.Sensitive = true, true
		return a
	}
	version := func(of string) schema.Attribute {
		return schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "Version of `" + of + "`, which is itself not kept anywhere: what tells that it is another one. A machine that stands does not read it again.",
			Validators:          []validator.Int64{int64validator.AtLeast(0)},
		}
	}
	return map[string]schema.Attribute{
		"image": made(text("Image that fills the first disk, by name or by the platform's id (`psn_image.….name` or `.ref`). Default: an empty disk. " +
			"A machine that stands keeps the image it was made from, with a warning when another is declared: only a machine made anew (`-replace`) is made from that.")),
		"user_data": text("Document that cloud-init reads at first boot. It is kept in the state: what is secret belongs in `user_data_wo`.",
			stringvalidator.ConflictsWith(path.MatchRoot("user_data_wo"))),
		"user_data_wo": secret("The same, never kept in a plan or state (write-only: Terraform or OpenTofu 1.11 and later).",
			stringvalidator.AlsoRequires(path.MatchRoot("user_data_wo_version"))),
		"user_data_wo_version": version("user_data_wo"),
		"vendor_data_wo": secret("Document that cloud-init reads before the user's (vSphere only; on OpenStack it is the cloud's own), never kept in a plan or state.",
			stringvalidator.AlsoRequires(path.MatchRoot("vendor_data_wo_version"))),
		"vendor_data_wo_version": version("vendor_data_wo"),
		"ssh_keys": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Public SSH keys for the default user of the image, as in a `.pub` file, by way of cloud-init. With user data they are added to the keys that it has.",
		},
		"metadata": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The owner's own notes on the machine, by key. Keys that begin with `psn.` are this project's. Changed in place.",
		},
		"group": text("Group of machines of the tenant that are kept on different hosts, or on one, at a site."),
		"group_policy": text("How: `soft-anti-affinity` (default) keeps them apart as far as there are hosts, `anti-affinity` always, `affinity` keeps them together. The same for all machines of the group.",
			stringvalidator.OneOf(string(driver.ApartIfCan), string(driver.Apart), string(driver.OnOneHost)),
			stringvalidator.AlsoRequires(path.MatchRoot("group"))),
	}
}
