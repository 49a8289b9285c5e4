package placement_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestGuideWritesARequest applies the configuration of the guide that turns an
// inventory into the sites of a request, and decides on them.
func TestGuideWritesARequest(t *testing.T) {
	lab := providertest.Start(t)
	guide, err := os.ReadFile("../../../docs/guides/place.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(guide), "```terraform\ndata \"psn_inventory\"")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("the guide has no configuration that reads the inventory")
	}
	providertest.Test(t, []resource.TestStep{{
		Config: lab.Config("data \"psn_inventory\"" + text),
		Check: func(s *terraform.State) error {
			sites, ok := s.RootModule().Outputs["sites"].Value.(string)
			if !ok {
				return fmt.Errorf("the output is no text")
			}
			dec := json.NewDecoder(bytes.NewReader([]byte(`{"tenant": "p_bs", "workloads": [], "sites": ` + sites + `}`)))
			dec.DisallowUnknownFields()
			var req placement.Request
			if err := dec.Decode(&req); err != nil {
				return err
			}
			req.Workloads = []placement.Workload{{
				Name: "a", Service: "p_bs/a", Classification: psn.Strategic, Instances: 2, PerInstance: psn.Resources{VCPUs: 2, MemoryMiB: 1024, StorageMiB: 1024},
			}}
			res, err := placement.Solve(req)
			if err == nil && res.Verdict != placement.Placed {
				err = fmt.Errorf("%s: %v", res.Verdict, res.Explanation)
			}
			return err
		},
	}})
}
