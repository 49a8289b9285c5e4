// Package projectdeadline is the provider function project_deadline: by when a
// funded project must be finished.
package projectdeadline

import (
	"context"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/provider/function/whole"
)

type projectDeadline struct{}

// New returns the function.
func New() function.Function { return projectDeadline{} }

// Metadata implements function.Function.
func (projectDeadline) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "project_deadline"
}

var resultType = map[string]attr.Type{
	"date": types.StringType, "uncapped_date": types.StringType, "capped": types.BoolType,
	"steps": types.MapType{ElemType: types.StringType}, "citation": types.StringType,
}

// Definition implements function.Function.
func (projectDeadline) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "End of a funded project",
		MarkdownDescription: "Computes by when a project must be finished: the terms of the funding call from the date of the decree, never after the latest end of the call (rule FND-003); a decree later than that, or earlier than the call, is refused. Months end on the last day of a month that has no such day. " +
			"Returns an object: `date`, `uncapped_date` (what the terms alone give), `capped`, `steps` (last day of each term by its id) and `citation`. Dates are `YYYY-MM-DD`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "call", MarkdownDescription: "Id of the funding call, for example `pnrr-1.2-province-2025`."},
			function.StringParameter{Name: "decree_date", MarkdownDescription: "Date of the funding decree, `YYYY-MM-DD`."},
		},
		VariadicParameter: function.NumberParameter{Name: "grant_euro", MarkdownDescription: "At most one: amount of the grant in whole euro, for the calls of measure 1.1 whose terms depend on it."},
		Return:            function.ObjectReturn{AttributeTypes: resultType},
	}
}

// Run implements function.Function.
func (projectDeadline) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var id, date string
	var grants []*big.Float
	if resp.Error = req.Arguments.Get(ctx, &id, &date, &grants); resp.Error != nil {
		return
	}
	call, err := catalog.CallOf(id)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	decree, err := catalog.ParseDate(date)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, "decree_date "+err.Error())
		return
	}
	if len(grants) > 1 {
		resp.Error = function.NewArgumentFuncError(3, "give one amount at most")
		return
	}
	var grant int64
	if len(grants) == 1 {
		if grant, resp.Error = whole.Number(2, "grant_euro", grants[0]); resp.Error != nil {
			return
		}
	}
	d, err := call.Deadline(decree, grant)
	if err == nil {
		err = call.CheckDecree(decree, d)
	}
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	steps := map[string]attr.Value{}
	for _, s := range d.Steps {
		steps[s.Step.ID] = types.StringValue(string(s.End))
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(resultType, map[string]attr.Value{
		"date":          types.StringValue(string(d.End)),
		"uncapped_date": types.StringValue(string(d.Uncapped)),
		"capped":        types.BoolValue(d.Capped),
		"steps":         types.MapValueMust(types.StringType, steps),
		"citation":      types.StringValue(call.Citation),
	}))
}
