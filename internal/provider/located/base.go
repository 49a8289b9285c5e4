package located

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Base is what every object has in its model; models embed it.
type Base struct {
	ID       types.String   `tfsdk:"id"`
	TenantID types.String   `tfsdk:"tenant_id"`
	Name     types.String   `tfsdk:"name"`
	Site     types.String   `tfsdk:"site"`
	Platform types.String   `tfsdk:"platform"`
	Ref      types.String   `tfsdk:"ref"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

func (b *Base) base() *Base { return b }

// Tenant is the tenant's id, empty for an object of the whole site.
func (b *Base) Tenant() psn.TenantID { return psn.TenantID(b.TenantID.ValueString()) }

// On is the platform, empty while it is not known.
func (b *Base) On() psn.Platform { return psn.Platform(b.Platform.ValueString()) }

// key is known when all its parts are.
func (b *Base) key() (k Key, known bool) {
	for _, v := range []types.String{b.TenantID, b.Site, b.Platform, b.Name} {
		if v.IsUnknown() {
			return Key{}, false
		}
	}
	return Key{b.Tenant(), psn.Site(b.Site.ValueString()), b.On(), b.Name.ValueString()}, true
}

func (b *Base) setKey(k Key) {
	b.ID = types.StringValue(k.String())
	b.TenantID = Optional(string(k.Tenant))
	b.Site, b.Platform, b.Name = types.StringValue(string(k.Site)), types.StringValue(string(k.Platform)), types.StringValue(k.Name)
}

// Optional is null for an empty text.
func Optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// identity is the natural id, part by part.
type identity struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Site     types.String `tfsdk:"site"`
	Platform types.String `tfsdk:"platform"`
	Name     types.String `tfsdk:"name"`
}

func identityOf(k Key) identity {
	return identity{Optional(string(k.Tenant)), types.StringValue(string(k.Site)), types.StringValue(string(k.Platform)), types.StringValue(k.Name)}
}

func identitySchema(kind string, shared bool) identityschema.Schema {
	part := func(doc string) identityschema.Attribute {
		return identityschema.StringAttribute{RequiredForImport: true, Description: doc}
	}
	tenant := part("Id of the tenant.")
	if shared {
		tenant = identityschema.StringAttribute{OptionalForImport: true, Description: "Id of the tenant; none for one that every tenant of the site may use."}
	}
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"tenant_id": tenant,
		"site":      part("Site."),
		"platform":  part("Platform."),
		"name":      part("Name of the " + kind + "."),
	}}
}

// complete adds the attributes that every object has.
func complete(ctx context.Context, s schema.Schema, kind string, shared bool) schema.Schema {
	part := func(doc string, v ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{
			Required: true, MarkdownDescription: doc, Validators: v,
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		}
	}
	tenant := part("Tenant it belongs to, for example `psn_tenant.brescia.id`. Another tenant's is another "+kind+".", tenantID{})
	id := "`<tenant>/<site>/<platform>/<name>`; known in the plan."
	if shared {
		tenant.Required, tenant.Optional = false, true
		tenant.MarkdownDescription = "Tenant that may use it. Default: every tenant of the site."
		id = "`<tenant>/<site>/<platform>/<name>`, with `_` for a tenant where there is none; known in the plan."
	}
	for name, a := range map[string]schema.Attribute{
		"id":        schema.StringAttribute{Computed: true, MarkdownDescription: id},
		"tenant_id": tenant,
		"name":      part(fmt.Sprintf("Name of the %s, a DNS label. Another name is another %s.", kind, kind), label{kind}),
		"site":      part("Site: `acilia`, `pomezia`, `rozzano` or `santo-stefano-ticino`.", stringvalidator.OneOf(Names(psn.Sites())...)),
		"platform":  part("Platform at the site: `vsphere` or `openstack`.", stringvalidator.OneOf(Names(psn.Platforms())...)),
		"ref": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The platform's own id of it.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
	} {
		s.Attributes[name] = a
	}
	s.Blocks = map[string]schema.Block{"timeouts": timeouts.BlockAll(ctx)}
	return s
}

// Names are the words of an enumeration.
func Names[T ~string](vs []T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
}
