package tenant

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type model struct {
	ID         types.String   `tfsdk:"id"`
	Name       types.String   `tfsdk:"name"`
	IPACode    types.String   `tfsdk:"ipa_code"`
	FiscalCode types.String   `tfsdk:"fiscal_code"`
	CUP        types.String   `tfsdk:"cup"`
	Quota      types.Object   `tfsdk:"quota"`
	Sites      types.Set      `tfsdk:"sites"`
	SiteQuotas types.Map      `tfsdk:"site_quotas"`
	Principals types.Map      `tfsdk:"principals"`
	Usage      types.Map      `tfsdk:"usage"`
	Timeouts   timeouts.Value `tfsdk:"timeouts"`
}

type identity struct {
	IPACode types.String `tfsdk:"ipa_code"`
}

// document is what the identifier rules read.
func (m model) document() policy.Document {
	unknown := policy.Unknown{}
	for name, v := range map[string]types.String{"name": m.Name, "ipa_code": m.IPACode, "fiscal_code": m.FiscalCode, "cup": m.CUP} {
		if v.IsUnknown() {
			unknown[name] = true
		}
	}
	id, _ := psn.TenantOf(m.IPACode.ValueString())
	return policy.Document{Tenants: []policy.Tenant{{
		ID: id, Name: m.Name.ValueString(), IPACode: m.IPACode.ValueString(),
		FiscalCode: m.FiscalCode.ValueString(), CUP: m.CUP.ValueString(), Unknown: unknown,
	}}}
}

// undone puts back what was not brought to the sites that failed: the difference
// to the configuration, by which the next apply tries again, must stand in the
// state, also where a site does not tell.
func (m model) undone(ctx context.Context, before model, failed []psn.Site) model {
	if len(failed) == 0 {
		return m
	}
	m.Name = before.Name
	m.SiteQuotas = entriesOf(ctx, m.SiteQuotas, before.SiteQuotas, failed)
	m.Principals = entriesOf(ctx, m.Principals, before.Principals, failed)
	return m
}

// entriesOf is now with the entries that the sites had before.
func entriesOf(ctx context.Context, now, before types.Map, sites []psn.Site) types.Map {
	elems := now.Elements()
	for _, s := range sites {
		delete(elems, string(s))
		if was, ok := before.Elements()[string(s)]; ok {
			elems[string(s)] = was
		}
	}
	if len(elems) == 0 && (now.IsNull() || before.IsNull()) {
		return types.MapNull(now.ElementType(ctx))
	}
	return types.MapValueMust(now.ElementType(ctx), elems)
}

// expandSites returns the sites in canonical order; unknown elements are left out.
func expandSites(set types.Set) []psn.Site {
	var out []psn.Site
	for _, e := range set.Elements() {
		if s, ok := e.(types.String); ok && !s.IsUnknown() && !s.IsNull() {
			out = append(out, psn.Site(s.ValueString()))
		}
	}
	order := psn.Sites()
	slices.SortFunc(out, func(a, b psn.Site) int { return slices.Index(order, a) - slices.Index(order, b) })
	return out
}

func flattenSites(sites []psn.Site) types.Set {
	elems := make([]attr.Value, len(sites))
	for i, s := range sites {
		elems[i] = types.StringValue(string(s))
	}
	return types.SetValueMust(types.StringType, elems)
}
