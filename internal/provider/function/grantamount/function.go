// Package grantamount is the provider function grant_amount: what a funding call
// pays for so many services in each mode.
package grantamount

import (
	"context"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/provider/function/whole"
)

type grantAmount struct{}

// New returns the function.
func New() function.Function { return grantAmount{} }

// Metadata implements function.Function.
func (grantAmount) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "grant_amount"
}

// Definition implements function.Function.
func (grantAmount) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Amount of a grant in whole euro",
		MarkdownDescription: "Computes the amount that a funding call pays: a lump sum for the first year's cloud fee, plus a unit amount for every service in mode A " +
			"(trasferimento) and in mode B (aggiornamento), from the table of the call. The formula gives the amount of every project published as funded (rule FND-004).",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "call", MarkdownDescription: "Id of the funding call, for example `pnrr-1.2-province-2025`; `data.psn_funding_call` shows its table."},
			function.NumberParameter{Name: "transfers", MarkdownDescription: "Services in mode A, a whole number."},
			function.NumberParameter{Name: "upgrades", MarkdownDescription: "Services in mode B, a whole number."},
		},
		Return: function.Int64Return{},
	}
}

// Run implements function.Function.
func (grantAmount) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var id string
	var a, b *big.Float
	if resp.Error = req.Arguments.Get(ctx, &id, &a, &b); resp.Error != nil {
		return
	}
	var transfers, upgrades int64
	if transfers, resp.Error = whole.Number(1, "transfers", a); resp.Error != nil {
		return
	}
	if upgrades, resp.Error = whole.Number(2, "upgrades", b); resp.Error != nil {
		return
	}
	call, err := catalog.CallOf(id)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	amount, err := call.GrantEuro(transfers, upgrades)
	switch {
	case err == nil:
		resp.Error = resp.Result.Set(ctx, amount)
	case call.Grant == nil:
		resp.Error = function.NewArgumentFuncError(0, err.Error())
	case transfers < 0:
		resp.Error = function.NewArgumentFuncError(1, err.Error())
	case upgrades < 0:
		resp.Error = function.NewArgumentFuncError(2, err.Error())
	default: // of the two together
		resp.Error = function.NewFuncError(err.Error())
	}
}
