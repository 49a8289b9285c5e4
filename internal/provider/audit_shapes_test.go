package provider_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/italia/terraform-provider-psn/internal/provider"
)

var update = flag.Bool("update", false, "write the audit's table of attributes")

// TestAuditKnowsTheSchemas holds the audit's table of attributes against the schemas of the provider.
func TestAuditKnowsTheSchemas(t *testing.T) {
	t.Parallel()
	resp, err := providerserver.NewProtocol6(provider.New("test"))().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{}
	for name, s := range resp.ResourceSchemas {
		for _, b := range s.Block.BlockTypes {
			if b.TypeName != "timeouts" { // how long to wait changes nothing of what is made
				t.Errorf("%s has block %s, which the audit does not compare", name, b.TypeName)
			}
		}
		want[name] = map[string]string{}
		shapeOf(want[name], "", s.Block.Attributes)
	}
	const path = "../audit/shapes.json"
	if *update {
		b, err := json.MarshalIndent(want, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]map[string]string
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-schemas +table; go test ./internal/provider -run TestAuditKnowsTheSchemas -update writes it):\n%s", path, diff)
	}
}

func shapeOf(into map[string]string, prefix string, attributes []*tfprotov6.SchemaAttribute) {
	for _, a := range attributes {
		var letters strings.Builder
		if a.Computed {
			letters.WriteString("c")
		}
		if a.WriteOnly {
			letters.WriteString("w")
		}
		switch {
		case a.NestedType != nil:
			switch a.NestedType.Nesting {
			case tfprotov6.SchemaObjectNestingModeMap:
				letters.WriteString("m")
			case tfprotov6.SchemaObjectNestingModeSet:
				letters.WriteString("s")
			}
		case a.Type.Is(tftypes.Map{}):
			letters.WriteString("m")
		case a.Type.Is(tftypes.Set{}):
			letters.WriteString("s")
		}
		into[prefix+a.Name] = letters.String()
		if a.NestedType != nil && (a.Optional || a.Required) {
			shapeOf(into, prefix+a.Name+".", a.NestedType.Attributes)
		}
	}
}
