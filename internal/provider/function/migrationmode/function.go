// Package migrationmode is the provider function migration_mode: which of the
// two modes of PNRR measure 1.2 a move from origin to destination falls under.
package migrationmode

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type migrationMode struct{}

// New returns the function.
func New() function.Function { return migrationMode{} }

// Metadata implements function.Function.
func (migrationMode) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "migration_mode"
}

var resultType = map[string]attr.Type{
	"mode": types.StringType, "outcome": types.StringType, "explanation": types.StringType, "citation": types.StringType,
}

// Definition implements function.Function.
func (migrationMode) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Mode of a migration under PNRR measure 1.2",
		MarkdownDescription: "Looks a migration up in the admissibility matrix of " + Source + ". Returns an object: `mode` (`A` trasferimento, `B` aggiornamento, " +
			"or null), `outcome` (`admissible`, `conditional`, `not fundable` or `impossible`), `explanation` and `citation`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "origin", MarkdownDescription: "Where the service runs today: one of " + quoted(origins) + ". `-qualified`: the cloud service is qualified by ACN already."},
			function.StringParameter{Name: "destination", MarkdownDescription: "Where it goes: one of " + quoted(destinations) + "."},
		},
		Return: function.ObjectReturn{AttributeTypes: resultType},
	}
}

// Run implements function.Function.
func (migrationMode) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var origin, destination string
	if resp.Error = req.Arguments.Get(ctx, &origin, &destination); resp.Error != nil {
		return
	}
	v, err := Mode(origin, destination)
	if err != nil {
		arg := int64(0)
		if _, known := matrix[origin]; known {
			arg = 1
		}
		resp.Error = function.NewArgumentFuncError(arg, err.Error())
		return
	}
	mode := types.StringNull()
	if v.Mode != "" {
		mode = types.StringValue(v.Mode)
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(resultType, map[string]attr.Value{
		"mode":        mode,
		"outcome":     types.StringValue(v.Outcome),
		"explanation": types.StringValue(v.Explanation),
		"citation":    types.StringValue(Source),
	}))
}
