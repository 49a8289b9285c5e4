package servicecategories_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/italia/terraform-provider-psn/internal/provider/servicecategories"
)

func TestCategories(t *testing.T) {
	ctx := context.Background()
	d := servicecategories.New()
	var s datasource.SchemaResponse
	d.Schema(ctx, datasource.SchemaRequest{}, &s)
	if diags := s.Schema.ValidateImplementation(ctx); diags.HasError() {
		t.Fatal(diags)
	}
	resp := datasource.ReadResponse{State: tfsdk.State{Schema: s.Schema, Raw: tftypes.NewValue(s.Schema.Type().TerraformType(ctx), nil)}}
	d.Read(ctx, datasource.ReadRequest{}, &resp)
	for name, want := range map[string]int{"categories": 10, "named_services": 5} {
		var list types.List
		if diags := resp.State.GetAttribute(ctx, path.Root(name), &list); diags.HasError() || len(list.Elements()) != want {
			t.Errorf("%s: %d entries, want %d, %v", name, len(list.Elements()), want, diags)
		}
	}
	var name types.String
	resp.State.GetAttribute(ctx, path.Root("categories").AtListIndex(4).AtName("italian"), &name)
	if name.ValueString() != "Area vasta" {
		t.Errorf("fifth category %s", name)
	}
}
