package fundingcall

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/catalog"
)

type model struct {
	ID            types.String   `tfsdk:"id"`
	On            types.String   `tfsdk:"on"`
	State         types.String   `tfsdk:"state"`
	Measure       types.String   `tfsdk:"measure"`
	Italian       types.String   `tfsdk:"italian"`
	English       types.String   `tfsdk:"english"`
	Destination   types.String   `tfsdk:"destination"`
	Beneficiaries []types.String `tfsdk:"beneficiaries"`
	Windows       []window       `tfsdk:"windows"`
	Decrees       []decree       `tfsdk:"decrees"`
	Budget        types.Int64    `tfsdk:"budget_euro"`
	LumpSum       types.Int64    `tfsdk:"lump_sum_euro"`
	Transfer      types.Int64    `tfsdk:"transfer_euro"`
	Upgrade       types.Int64    `tfsdk:"upgrade_euro"`
	MinServices   types.Int64    `tfsdk:"min_services"`
	MaxServices   types.Int64    `tfsdk:"max_services"`
	EarliestStart types.String   `tfsdk:"earliest_start"`
	LatestEnd     types.String   `tfsdk:"latest_end"`
	MaxServers    types.Int64    `tfsdk:"max_servers"`
	MaxVMs        types.Int64    `tfsdk:"max_virtual_servers"`
	CUPTemplate   types.String   `tfsdk:"cup_template"`
	CUPDays       types.Int64    `tfsdk:"cup_days"`
	KeepYears     types.Int64    `tfsdk:"keep_years"`
	Steps         []step         `tfsdk:"steps"`
	FixedEnds     []fixedEnd     `tfsdk:"fixed_ends"`
	Moves         []move         `tfsdk:"moves"`
	Note          types.String   `tfsdk:"note"`
	Citation      types.String   `tfsdk:"citation"`
}

type window struct {
	Opens  types.String `tfsdk:"opens"`
	Closes types.String `tfsdk:"closes"`
}

type decree struct {
	Number   types.String `tfsdk:"number"`
	Date     types.String `tfsdk:"date"`
	Projects types.Int64  `tfsdk:"projects"`
}

type step struct {
	ID        types.String `tfsdk:"id"`
	Days      types.Int64  `tfsdk:"days"`
	Months    types.Int64  `tfsdk:"months"`
	UpToGrant types.Int64  `tfsdk:"up_to_grant_euro"`
	From      types.String `tfsdk:"from"`
}

type fixedEnd struct {
	UpToGrant types.Int64  `tfsdk:"up_to_grant_euro"`
	End       types.String `tfsdk:"end"`
}

type move struct {
	Origin      types.String `tfsdk:"origin"`
	Destination types.String `tfsdk:"destination"`
	Mode        types.String `tfsdk:"mode"`
	Outcome     types.String `tfsdk:"outcome"`
	Explanation types.String `tfsdk:"explanation"`
}

// said is null for "", which the tables write for what no source says.
func said(v string) types.String {
	if v == "" {
		return types.StringNull()
	}
	return types.StringValue(v)
}

func counted(v int64) types.Int64 {
	if v == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(v)
}

func flatten(c catalog.Call, on types.String) *model {
	m := &model{
		ID: types.StringValue(c.ID), On: on, Measure: said(c.Measure), Italian: said(c.Italian), English: said(c.English), Destination: said(c.Destination),
		Beneficiaries: []types.String{}, Windows: []window{}, Decrees: []decree{}, Steps: []step{}, FixedEnds: []fixedEnd{}, Moves: []move{},
		Budget: counted(c.BudgetEuro), MinServices: counted(c.Services.Min), MaxServices: counted(c.Services.Max),
		EarliestStart: said(c.EarliestStart), LatestEnd: said(c.LatestEnd), KeepYears: counted(c.KeepYears), Note: said(c.Note), Citation: said(c.Citation),
	}
	if !on.IsNull() {
		m.State = types.StringValue(string(c.StateOn(catalog.Date(on.ValueString()))))
	}
	for _, b := range c.Beneficiaries {
		m.Beneficiaries = append(m.Beneficiaries, types.StringValue(b))
	}
	for _, w := range c.Windows {
		m.Windows = append(m.Windows, window{said(w.Opens), said(w.Closes)})
	}
	for _, d := range c.Decrees {
		m.Decrees = append(m.Decrees, decree{said(d.Number), said(d.Date), counted(d.Projects)})
	}
	if c.Grant != nil {
		m.LumpSum, m.Transfer, m.Upgrade = counted(c.Grant.LumpSumEuro), counted(c.Grant.TransferEuro), counted(c.Grant.UpgradeEuro)
	}
	if c.Caps != nil {
		m.MaxServers, m.MaxVMs = counted(c.Caps.Servers), counted(c.Caps.VirtualMachines)
	}
	if c.CUP != nil {
		m.CUPTemplate, m.CUPDays = said(c.CUP.Template), counted(c.CUP.Days)
	}
	for _, s := range c.Steps {
		m.Steps = append(m.Steps, step{said(s.ID), counted(s.Days), counted(s.Months), counted(s.UpToGrantEuro), said(s.From)})
	}
	for _, f := range c.FixedEnds {
		m.FixedEnds = append(m.FixedEnds, fixedEnd{counted(f.UpToGrantEuro), said(f.End)})
	}
	if matrix, ok := catalog.MatrixOf(c.Matrix); ok {
		for _, o := range matrix.Origins {
			for _, d := range matrix.Destinations {
				v, err := matrix.Move(o, d)
				if err == nil { // both come from the matrix itself
					m.Moves = append(m.Moves, move{said(o), said(d), said(v.Mode), said(string(v.Outcome)), said(v.English)})
				}
			}
		}
	}
	return m
}
