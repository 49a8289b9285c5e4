package fundingcall_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/provider/fundingcall"
)

// read runs the data source with id and on ("" leaves on out).
func read(t *testing.T, id, on string) datasource.ReadResponse {
	t.Helper()
	ctx := context.Background()
	d := fundingcall.New()
	var s datasource.SchemaResponse
	d.Schema(ctx, datasource.SchemaRequest{}, &s)
	if diags := s.Schema.ValidateImplementation(ctx); diags.HasError() {
		t.Fatal(diags)
	}
	typ := s.Schema.Type().TerraformType(ctx)
	attrs := map[string]tftypes.Value{}
	for name, a := range s.Schema.Attributes {
		attrs[name] = tftypes.NewValue(a.GetType().TerraformType(ctx), nil)
	}
	attrs["id"] = tftypes.NewValue(tftypes.String, id)
	if on != "" {
		attrs["on"] = tftypes.NewValue(tftypes.String, on)
	}
	raw := tftypes.NewValue(typ, attrs)
	resp := datasource.ReadResponse{State: tfsdk.State{Schema: s.Schema, Raw: tftypes.NewValue(typ, nil)}}
	d.Read(ctx, datasource.ReadRequest{Config: tfsdk.Config{Schema: s.Schema, Raw: raw}}, &resp)
	return resp
}

func TestEveryCallIsShown(t *testing.T) {
	for _, c := range catalog.Calls() {
		resp := read(t, c.ID, "2025-06-30")
		if resp.Diagnostics.HasError() {
			t.Fatal(resp.Diagnostics)
		}
		var citation types.String
		resp.State.GetAttribute(context.Background(), path.Root("citation"), &citation)
		if citation.ValueString() != c.Citation {
			t.Errorf("%s: citation %s", c.ID, citation)
		}
	}
}

func TestProvinceCall(t *testing.T) {
	ctx := context.Background()
	resp := read(t, "pnrr-1.2-province-2025", "2025-06-30")
	var lump types.Int64
	var state, mode types.String
	var moves types.List
	resp.State.GetAttribute(ctx, path.Root("lump_sum_euro"), &lump)
	resp.State.GetAttribute(ctx, path.Root("state"), &state)
	resp.State.GetAttribute(ctx, path.Root("moves"), &moves)
	resp.State.GetAttribute(ctx, path.Root("moves").AtListIndex(3).AtName("mode"), &mode)
	if lump.ValueInt64() != 552632 || state.ValueString() != "closed" || len(moves.Elements()) != 21 || mode.ValueString() != "A" {
		t.Errorf("lump sum %s, state %s, %d moves, mode %s", lump, state, len(moves.Elements()), mode)
	}
	resp = read(t, "pnrr-1.2-province-2025", "")
	if resp.State.GetAttribute(ctx, path.Root("state"), &state); !state.IsNull() {
		t.Errorf("state without a day: %s", state)
	}
}

func TestBadArguments(t *testing.T) {
	for _, tc := range []struct{ id, on, say string }{{"pnrr", "", "pnrr-1.2-province-2025"}, {"pnrr-1.2-province-2025", "30/06/2025", `on "30/06/2025"`}} {
		resp := read(t, tc.id, tc.on)
		if !resp.Diagnostics.HasError() || !strings.Contains(resp.Diagnostics[0].Detail(), tc.say) {
			t.Errorf("%+v: %v", tc, resp.Diagnostics)
		}
	}
}
