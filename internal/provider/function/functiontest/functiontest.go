// Package functiontest runs a provider function as the framework would, for the
// tests of the functions. It must not know any of them.
package functiontest

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Strings returns the value of a variadic string argument.
func Strings(vs ...string) attr.Value {
	elems := make([]attr.Value, len(vs))
	kinds := make([]attr.Type, len(vs))
	for i, v := range vs {
		elems[i], kinds[i] = types.StringValue(v), types.StringType
	}
	return types.TupleValueMust(kinds, elems)
}

// Run calls f with args and returns its result or its error. It fails the test
// when the function is not documented.
func Run(t *testing.T, f function.Function, args ...attr.Value) (attr.Value, *function.FuncError) {
	t.Helper()
	ctx := context.Background()
	var def function.DefinitionResponse
	f.Definition(ctx, function.DefinitionRequest{}, &def)
	var meta function.MetadataResponse
	f.Metadata(ctx, function.MetadataRequest{}, &meta)
	if def.Definition.Summary == "" || def.Definition.MarkdownDescription == "" || meta.Name == "" {
		t.Errorf("function %q is not documented", meta.Name)
	}
	for _, p := range def.Definition.Parameters {
		if p.GetName() == "" || p.GetMarkdownDescription() == "" {
			t.Errorf("a parameter of %s is not documented", meta.Name)
		}
	}
	var valid function.DefinitionValidateResponse
	def.Definition.ValidateImplementation(ctx, function.DefinitionValidateRequest{FuncName: meta.Name}, &valid)
	if valid.Diagnostics.HasError() {
		t.Fatalf("%s: %v", meta.Name, valid.Diagnostics)
	}
	empty, err := def.Definition.Return.NewResultData(ctx)
	if err != nil {
		t.Fatal(err)
	}
	resp := function.RunResponse{Result: empty}
	f.Run(ctx, function.RunRequest{Arguments: function.NewArgumentsData(args)}, &resp)
	return resp.Result.Value(), resp.Error
}
