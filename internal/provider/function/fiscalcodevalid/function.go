// Package fiscalcodevalid is the provider function fiscal_code_valid: whether
// the 11-digit fiscal code of a body has a correct check digit.
package fiscalcodevalid

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

type fiscalCodeValid struct{}

// New returns the function.
func New() function.Function { return fiscalCodeValid{} }

// Metadata implements function.Function.
func (fiscalCodeValid) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "fiscal_code_valid"
}

// Definition implements function.Function.
func (fiscalCodeValid) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "Whether an administration's fiscal code is well formed",
		MarkdownDescription: "Returns true when `code` has 11 digits and the right check digit (rule IDN-002). It does not ask whether the administration exists.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "code", MarkdownDescription: "Fiscal code (codice fiscale or partita IVA of the body), for example `80008750178`."},
		},
		Return: function.BoolReturn{},
	}
}

// Run implements function.Function.
func (fiscalCodeValid) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var code string
	if resp.Error = req.Arguments.Get(ctx, &code); resp.Error != nil {
		return
	}
	resp.Error = resp.Result.Set(ctx, psn.CheckFiscalCode(code) == nil)
}
