// Package cupvalid is the provider function cup_valid: whether a CUP has
// the shape of every published one.
package cupvalid

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

type cupValid struct{}

// New returns the function.
func New() function.Function { return cupValid{} }

// Metadata implements function.Function.
func (cupValid) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "cup_valid"
}

// Definition implements function.Function.
func (cupValid) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "Whether a CUP is well formed",
		MarkdownDescription: "Returns true when `code` has the shape of a CUP (rule IDN-003): letter, two digits, letter, eleven digits. No check digit is documented, and whether the project exists is not asked.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "code", MarkdownDescription: "CUP, for example `B11C22000000006`."},
		},
		Return: function.BoolReturn{},
	}
}

// Run implements function.Function.
func (cupValid) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var code string
	if resp.Error = req.Arguments.Get(ctx, &code); resp.Error != nil {
		return
	}
	resp.Error = resp.Result.Set(ctx, psn.CheckCUP(code) == nil)
}
