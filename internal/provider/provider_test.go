package provider_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/italia/terraform-provider-psn/internal/provider"
)

func TestSchemas(t *testing.T) {
	srv := providerserver.NewProtocol6(provider.New("test"))()
	resp, err := srv.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
	if n := len(resp.ResourceSchemas); n != 9 {
		t.Errorf("%d resources, want 9", n)
	}
	schemas := map[string]*tfprotov6.Schema{"provider": resp.Provider}
	for name, s := range resp.ResourceSchemas {
		schemas[name] = s
	}
	for name, s := range resp.DataSourceSchemas {
		schemas["data."+name] = s
	}
	for name, s := range resp.EphemeralResourceSchemas {
		schemas["ephemeral."+name] = s
	}
	for name, s := range schemas {
		described(t, name, s.Block.Attributes)
	}
}

// described fails for every attribute without a description, because docs are
// made of them.
func described(t *testing.T, where string, attrs []*tfprotov6.SchemaAttribute) {
	for _, a := range attrs {
		if a.Description == "" {
			t.Errorf("%s.%s has no description", where, a.Name)
		}
		if a.NestedType != nil {
			described(t, where+"."+a.Name, a.NestedType.Attributes)
		}
	}
}
