// Package sitesfor is the provider function sites_for: at which sites a service
// of a class may stand, and where its standby goes.
package sitesfor

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type sitesFor struct{}

// New returns the function.
func New() function.Function { return sitesFor{} }

// Metadata implements function.Function.
func (sitesFor) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "sites_for"
}

var (
	standbys   = types.MapType{ElemType: types.ListType{ElemType: types.StringType}}
	resultType = map[string]attr.Type{
		"sites": types.ListType{ElemType: types.StringType}, "standby_required": types.BoolType, "standbys": standbys,
		"minimum_qualification": types.StringType, "citation": types.StringType, "minimum_qualification_citation": types.StringType,
	}
)

// Definition implements function.Function.
func (sitesFor) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Sites and standby sites for a class of service",
		MarkdownDescription: "Says where a service of a class may stand. Returns an object: `sites` (all that are admitted), `standby_required`, `standbys` (for each site, the sites " +
			"that serve as disaster recovery, nearest first: those of the other region; empty when no standby is required), `citation` of what stands before it, and `minimum_qualification` with its own " +
			"`minimum_qualification_citation`. The two have different bases: that critical and strategic services keep a standby in the other region is a rule of this project, not of law (PLC-001, PLC-002); " +
			"the least qualification is law (LVL-001: DD ACN 21007/24, art. 17 c. 4).",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "classification", MarkdownDescription: "`ordinary`, `critical` or `strategic`."},
		},
		Return: function.ObjectReturn{AttributeTypes: resultType},
	}
}

// Run implements function.Function.
func (sitesFor) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var class string
	if resp.Error = req.Arguments.Get(ctx, &class); resp.Error != nil {
		return
	}
	c, err := psn.ParseClassification(class)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	standby, _ := policy.RuleOf("PLC-002")
	level, _ := policy.RuleOf("LVL-001")
	sites := psn.Sites()
	at := map[string]attr.Value{}
	for _, s := range sites {
		at[string(s)] = list(nil)
		if c.Protected() {
			at[string(s)] = list(catalog.StandbysFor(s))
		}
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(resultType, map[string]attr.Value{
		"sites":                 list(sites),
		"standby_required":      types.BoolValue(c.Protected()),
		"standbys":              types.MapValueMust(types.ListType{ElemType: types.StringType}, at),
		"minimum_qualification": types.StringValue(string(catalog.MinimumLevel(c))),
		"citation":              types.StringValue(standby.Citation),

		"minimum_qualification_citation": types.StringValue(level.Citation),
	}))
}

func list(sites []psn.Site) attr.Value {
	elems := make([]attr.Value, len(sites))
	for i, s := range sites {
		elems[i] = types.StringValue(string(s))
	}
	return types.ListValueMust(types.StringType, elems)
}
