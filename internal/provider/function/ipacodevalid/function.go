// Package ipacodevalid is the provider function ipa_code_valid: whether an IPA
// code has the right shape.
package ipacodevalid

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

type ipaCodeValid struct{}

// New returns the function.
func New() function.Function { return ipaCodeValid{} }

// Metadata implements function.Function.
func (ipaCodeValid) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "ipa_code_valid"
}

// Definition implements function.Function.
func (ipaCodeValid) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "Whether an IPA code is well formed",
		MarkdownDescription: "Returns true when `code` has the shape of an IPA code (rule IDN-001): 2 to 32 letters, digits, underscores or hyphens, the first a letter or digit. It does not ask whether the administration exists.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "code", MarkdownDescription: "IPA code, for example `p_bs`."},
		},
		Return: function.BoolReturn{},
	}
}

// Run implements function.Function.
func (ipaCodeValid) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var code string
	if resp.Error = req.Arguments.Get(ctx, &code); resp.Error != nil {
		return
	}
	resp.Error = resp.Result.Set(ctx, psn.CheckIPACode(code) == nil)
}
