// Package migrationmode is the provider function migration_mode: which mode of a
// funding call a move from origin to destination falls under.
package migrationmode

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// DefaultCall is the call whose matrix is used when none is named: the last one
// that funds by mode.
const DefaultCall = "pnrr-1.2-province-2025"

type migrationMode struct{}

// New returns the function.
func New() function.Function { return migrationMode{} }

// Metadata implements function.Function.
func (migrationMode) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "migration_mode"
}

var resultType = map[string]attr.Type{
	"mode": types.StringType, "outcome": types.StringType, "explanation": types.StringType, "assumption": types.StringType, "citation": types.StringType,
}

// Definition implements function.Function.
func (migrationMode) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	m, _ := matrixOf(DefaultCall)
	resp.Definition = function.Definition{
		Summary: "Mode of a migration under a funding call",
		MarkdownDescription: "Looks a migration up in the admissibility matrix of a funding call. Returns an object: `mode` (`A` trasferimento, `B` aggiornamento, " +
			"or null), `outcome` (`admissible`, `conditional`, `not fundable` or `impossible`), `explanation`, `assumption` (what the origin as written takes for granted, or null) and `citation`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "origin", MarkdownDescription: "Where the service runs today: one of " + code(m.Origins) + ". `-qualified`: the cloud service is qualified by ACN already; without it, it is assumed not to be, as `assumption` tells where that matters."},
			function.StringParameter{Name: "destination", MarkdownDescription: "Where it goes: one of " + code(m.Destinations) + "."},
		},
		VariadicParameter: function.StringParameter{Name: "call", MarkdownDescription: "At most one: id of the funding call whose matrix applies. Default: `" + DefaultCall + "`."},
		Return:            function.ObjectReturn{AttributeTypes: resultType},
	}
}

// Run implements function.Function.
func (migrationMode) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var origin, destination string
	var calls []string
	if resp.Error = req.Arguments.Get(ctx, &origin, &destination, &calls); resp.Error != nil {
		return
	}
	if len(calls) > 1 {
		resp.Error = function.NewArgumentFuncError(3, "name one funding call at most")
		return
	}
	m, err := matrixOf(append(calls, DefaultCall)[0])
	if err != nil {
		resp.Error = function.NewArgumentFuncError(2, err.Error())
		return
	}
	v, err := m.Move(origin, destination)
	if err != nil {
		arg := int64(0)
		if slices.Contains(m.Origins, origin) {
			arg = 1
		}
		resp.Error = function.NewArgumentFuncError(arg, err.Error())
		return
	}
	mode := types.StringNull()
	if v.Mode != "" {
		mode = types.StringValue(v.Mode)
	}
	assumption := types.StringNull()
	if v.Assumes != "" {
		assumption = types.StringValue(v.Assumes)
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(resultType, map[string]attr.Value{
		"mode":        mode,
		"outcome":     types.StringValue(string(v.Outcome)),
		"explanation": types.StringValue(v.English),
		"assumption":  assumption,
		"citation":    types.StringValue(m.Citation),
	}))
}

func matrixOf(call string) (catalog.Matrix, error) {
	c, err := catalog.CallOf(call)
	if err != nil {
		return catalog.Matrix{}, err
	}
	m, ok := catalog.MatrixOf(c.Matrix)
	if !ok {
		return catalog.Matrix{}, psn.Errorf(psn.Unsupported, "funding call %q knows no modes: its destination is %s whatever the origin", call, c.Destination)
	}
	return m, nil
}

func code(vs []string) string { return "`" + strings.Join(vs, "`, `") + "`" }
