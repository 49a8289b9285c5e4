package securitygroup

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/italia/terraform-provider-psn/internal/provider/located"
)

// Schema implements located.Object.
func (group) Schema() schema.Schema {
	text := func(doc string, v ...validator.String) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc, Validators: v}
	}
	port := func(doc string) schema.Attribute {
		return schema.Int64Attribute{Optional: true, MarkdownDescription: doc, Validators: []validator.Int64{int64validator.Between(0, 65535)}}
	}
	return schema.Schema{
		MarkdownDescription: "A security group of a tenant at one site: what no rule allows is refused, in both directions. The group has just the rules declared, none that the platform would add by itself. " +
			"OpenStack only: on vSphere the plan fails, naming the platform that has it.",
		Attributes: map[string]schema.Attribute{
			"description": text("For people. Changed in place.", located.Description()),
			"rules": schema.SetNestedAttribute{
				Required:            true,
				MarkdownDescription: "Rules, each of which allows traffic. Changed in place: rules that stay are not touched, so traffic they allow is not cut. Empty: no traffic at all.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"direction": schema.StringAttribute{
						Required: true, MarkdownDescription: "`ingress` or `egress`.",
						Validators: []validator.String{stringvalidator.OneOf("ingress", "egress")},
					},
					"protocol":    text("`tcp`, `udp`, `icmp` or a protocol's number. Default: any."),
					"first_port":  port("First port, of `tcp` or `udp`. Default: every port. Of `icmp`: the type."),
					"last_port":   port("Last port. Default: `first_port`. Of `icmp`: the code, 0 by default."),
					"cidr":        text("The other side, an IPv4 or IPv6 range. Default, without `group`: anyone."),
					"group":       text("The other side: name of a security group of the tenant at the site, or `self` for this one."),
					"ipv6":        schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether a rule without `cidr` is for IPv6. Default: false, IPv4."},
					"description": text("For people.", located.Description()),
				}},
			},
		},
	}
}
