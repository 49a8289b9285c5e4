package located

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Listing is a data source that lists the objects of one kind at one site, in
// one bulk read. T is what the site tells, E its shape in Terraform.
type Listing[T, E any] struct {
	Name    string                      // of the type and of the attribute, for example "storage_classes"
	Doc     string                      // of the data source
	Element string                      // doc of the attribute
	Item    map[string]schema.Attribute // of one object
	Notion  driver.Notion               // without which the plan fails; empty for what every platform has
	Read    func(context.Context, *platform.Site) ([]T, error)
	Flatten func(T) E
	// Tenant, when not nil, tells whether a tenant may use the object; it makes
	// the attribute tenant_id.
	Tenant func(T, psn.TenantID) bool
}

type listing[T, E any] struct {
	Listing[T, E]
	data *providerdata.Data
}

// NewListing returns the data source.
func NewListing[T, E any](l Listing[T, E]) datasource.DataSource { return &listing[T, E]{Listing: l} }

// Metadata implements datasource.DataSource.
func (d *listing[T, E]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.Name
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *listing[T, E]) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.data = providerdata.From(req.ProviderData, &resp.Diagnostics)
}

// Schema implements datasource.DataSource.
func (d *listing[T, E]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	place := func(doc string, names []string) schema.Attribute {
		return schema.StringAttribute{Required: true, MarkdownDescription: doc, Validators: []validator.String{stringvalidator.OneOf(names...)}}
	}
	attributes := map[string]schema.Attribute{
		"site":     place("Site: `acilia`, `pomezia`, `rozzano` or `santo-stefano-ticino`.", Names(psn.Sites())),
		"platform": place("Platform at the site: `vsphere` or `openstack`.", Names(psn.Platforms())),
		d.Name: schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: d.Element,
			NestedObject: schema.NestedAttributeObject{Attributes: d.Item},
		},
	}
	if d.Tenant != nil {
		attributes["tenant_id"] = schema.StringAttribute{
			Optional: true, Validators: []validator.String{tenantID{}},
			MarkdownDescription: "List only what this tenant may use. Default: all.",
		}
	}
	resp.Schema = schema.Schema{MarkdownDescription: d.Doc, Attributes: attributes}
}

// ValidateConfig implements datasource.DataSourceWithValidateConfig.
func (d *listing[T, E]) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var p types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("platform"), &p)...)
	if d.Notion == "" || p.IsNull() || p.IsUnknown() {
		return
	}
	if err := d.Notion.On(psn.Platform(p.ValueString())); err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("platform"), "list", "the "+d.Name, psn.Errorf(psn.InvalidInput, "%w", err)))
	}
}

// Read implements datasource.DataSource.
func (d *listing[T, E]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var site, p, tenant types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("site"), &site)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("platform"), &p)...)
	if d.Tenant != nil {
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("tenant_id"), &tenant)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	object := fmt.Sprintf("the %s of site %s (%s)", d.Name, site.ValueString(), p.ValueString())
	at, err := d.data.Site(psn.Site(site.ValueString()), psn.Platform(p.ValueString()))
	var all []T
	if err == nil {
		all, err = d.Listing.Read(ctx, at)
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("site"), "list", object, err))
		return
	}
	elems := []E{}
	for _, o := range all {
		if d.Tenant == nil || tenant.IsNull() || d.Tenant(o, psn.TenantID(tenant.ValueString())) {
			elems = append(elems, d.Flatten(o))
		}
	}
	resp.State.Raw = req.Config.Raw.Copy()
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(d.Name), elems)...)
}

// Text and Number are attributes of an object listed.
func Text(doc string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
}

// Number is a whole number of an object listed.
func Number(doc string) schema.Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: doc}
}

// Yes is a truth of an object listed.
func Yes(doc string) schema.Attribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: doc}
}
