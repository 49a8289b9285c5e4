package network

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/located"
)

// Schema implements located.Object.
func (network) Schema() schema.Schema {
	replaced := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return schema.Schema{
		MarkdownDescription: "A network of a tenant at one site. On vSphere it is a port group with a VLAN; on OpenStack a network with, when `cidr` is given, a subnet, " +
			"and a router when `uplink` is given. What the platform has no notion of is refused in the plan, with the platform that has it.",
		Attributes: map[string]schema.Attribute{
			"description": schema.StringAttribute{
				Optional: true, MarkdownDescription: "For people. Changed in place.",
				Validators: []validator.String{located.Description()},
			},
			"vlan": schema.Int64Attribute{
				Optional: true, MarkdownDescription: "Number of the VLAN, 1 to 4094. Required on vSphere, refused on OpenStack.",
				Validators:    []validator.Int64{int64validator.Between(1, 4094)},
				PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
			},
			"cidr": schema.StringAttribute{
				Optional: true, PlanModifiers: replaced,
				MarkdownDescription: "Address range, IPv4 or IPv6, for example `10.20.0.0/24`. OpenStack only, as is all below. Without it the network gives out no addresses.",
			},
			"gateway": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Gateway, or `none`. Default: the first address of `cidr`. Changed in place.",
			},
			"dhcp": schema.BoolAttribute{
				Optional: true, Computed: true, MarkdownDescription: "Whether the network gives out addresses by DHCP. Default with a `cidr`: true. Changed in place.",
			},
			"dns": schema.ListAttribute{
				ElementType: types.StringType, Optional: true, Validators: []validator.List{listvalidator.SizeBetween(1, 5)},
				MarkdownDescription: "Addresses of name servers, in order. Changed in place.",
			},
			"first_address": schema.StringAttribute{
				Optional: true, Computed: true, MarkdownDescription: "First of the addresses given out. Default: chosen by the platform. Another range is another network.",
			},
			"last_address": schema.StringAttribute{
				Optional: true, Computed: true, MarkdownDescription: "Last of the addresses given out. Default: chosen by the platform. Another range is another network.",
			},
			"uplink": schema.StringAttribute{
				Optional: true, PlanModifiers: replaced,
				MarkdownDescription: "Name of the external network to route to. Default: none, nothing leaves the network.",
			},
		},
	}
}
