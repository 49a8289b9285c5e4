package virtualmachine

import (
	"context"
	"net"
	"net/netip"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/placement"
)

// deviceAttributes are disks, cards and what filters their traffic.
func deviceAttributes() map[string]schema.Attribute {
	chosen := func(doc string, v ...validator.String) schema.Attribute {
		return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: doc, Validators: append(v, stringvalidator.LengthAtLeast(1))}
	}
	return map[string]schema.Attribute{
		"disks": schema.ListNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Disks, made in this order. Default: one disk of the placement's storage, which grows with it. A disk grows in place and others are added at the end; " +
				"one that shrinks, goes or changes storage is an error in the plan, never a loss.",
			Validators: []validator.List{listvalidator.SizeAtLeast(1)},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"size_gib":      schema.Int64Attribute{Required: true, MarkdownDescription: "Size in GiB.", Validators: []validator.Int64{int64validator.Between(1, placement.MaxGiB)}},
				"storage_class": chosen("Datastore or volume type at the home site. Default: chosen by the platform."),
			}},
		},
		"nics": schema.ListNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Network cards at the home site. Default: one on the tenant's default network there. Others are added at the end in place; one that stands is not changed or removed.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"network":  chosen("Network. Default: the tenant's default network at the site."),
				"mac":      chosen("MAC address. Default: chosen by the platform.", checked{"a MAC address, for example `fa:16:3e:00:00:01`", isMAC}),
				"fixed_ip": chosen("Address that the platform gives the card (OpenStack only). Default: chosen by the platform.", checked{"an IP address, for example `10.0.0.5`", isAddress}),
			}},
		},
		"security_groups": schema.SetAttribute{
			Optional: true, Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Names of the security groups of all cards (OpenStack only). Default: the platform's default group; when it is taken out later, the groups that stand stay. Changed in place.",
			Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
		},
	}
}

// checked is a validator of strings by a function.
type checked struct {
	what string
	ok   func(string) bool
}

// Description implements validator.String.
func (c checked) Description(context.Context) string { return "value must be " + c.what }

// MarkdownDescription implements validator.String.
func (c checked) MarkdownDescription(ctx context.Context) string { return c.Description(ctx) }

// ValidateString implements validator.String.
func (c checked) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if v := req.ConfigValue; !v.IsNull() && !v.IsUnknown() && !c.ok(v.ValueString()) {
		resp.Diagnostics.AddAttributeError(req.Path, "Unable to read "+req.Path.String(), "The "+c.Description(ctx)+", got: "+v.ValueString())
	}
}

func isMAC(s string) bool {
	mac, err := net.ParseMAC(s)
	return err == nil && len(mac) == 6
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
