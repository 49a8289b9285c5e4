package provider_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/provider/replica"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// example is the configuration of a folder of examples/.
func example(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", name, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no example %s: %v", name, err)
	}
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return string(all)
}

// operatorState is a state whose output "protocollo" is a place.
const operatorState = `{
  "version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "example",
  "outputs": {"protocollo": {
    "value": {"vm": "protocollo-1", "workload": "protocollo", "service_id": "p_bs/protocollo", "classification": "critical",
      "site": "acilia", "region": "lazio", "platform": "vsphere", "cluster": "acilia-a",
      "standby_site": "rozzano", "standby_region": "lombardia", "standby_platform": "vsphere", "standby_cluster": "rozzano-a",
      "vcpus": 4, "memory_gib": 8, "storage_gib": 50},
    "type": ["object", {"vm": "string", "workload": "string", "service_id": "string", "classification": "string",
      "site": "string", "region": "string", "platform": "string", "cluster": "string",
      "standby_site": "string", "standby_region": "string", "standby_platform": "string", "standby_cluster": "string",
      "vcpus": "number", "memory_gib": "number", "storage_gib": "number"}]}},
  "resources": []
}`

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// registered notes what is started and does nothing with it.
type registered struct {
	mu    sync.Mutex
	specs map[psn.VMID]migration.Spec
}

func (r *registered) Start(_ context.Context, s migration.Spec) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.specs[s.ID] = s
	return s.Check()
}

func (r *registered) Status(_ context.Context, id psn.VMID) (migration.Status, error) {
	return migration.Status{ID: id, Phase: migration.PhasePreflight}, nil
}
func (*registered) Approve(context.Context, psn.VMID, migration.Approval) error  { return nil }
func (*registered) Finalize(context.Context, psn.VMID, migration.Approval) error { return nil }
func (*registered) Rollback(context.Context, psn.VMID, migration.Approval) error { return nil }
func (*registered) Cancel(context.Context, psn.VMID) error                       { return nil }

// TestExamples applies every root configuration of examples/, as they are.
func TestExamples(t *testing.T) {
	lab := providertest.Start(t)
	t.Setenv(provider.EnvConfig, lab.ConfigFile())
	state := filepath.Join(t.TempDir(), "operator.tfstate")
	if err := os.WriteFile(state, []byte(operatorState), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_VAR_operator_state", state)
	engine := &registered{specs: map[psn.VMID]migration.Spec{}}
	known := func(address, name string, want knownvalue.Check) plancheck.PlanCheck {
		return plancheck.ExpectKnownValue(address, tfjsonpath.New(name), want)
	}
	providertest.Test(t, []resource.TestStep{
		{
			Config:      example(t, "broken-region"),
			ExpectError: regexp.MustCompile(`(?s)Unable to place workload "conservazione".*PLC-002.*What to do:`),
		},
		{
			Config:      example(t, "broken-capacity"),
			ExpectError: regexp.MustCompile(`(?s)Unable to place.*PLC-006.*when [a-z-]+ is\s+lost`),
		},
		{
			Config: example(t, "brescia"),
			ConfigPlanChecks: before(
				known("psn_placement.brescia", "verdict", knownvalue.StringExact("placed")),
				known("psn_placement.brescia", "findings", knownvalue.ListSizeExact(0)),
				known(`psn_virtual_machine.all["conservazione-1"]`, "standby_site", knownvalue.NotNull()),
				plancheck.ExpectKnownOutputValue("findings", knownvalue.NotNull()),
				plancheck.ExpectKnownOutputValue("machines", knownvalue.MapSizeExact(7)),
			),
		},
		{Config: example(t, "brescia"), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		lab.Gone(),
		{Config: example(t, "replica"), ConfigPlanChecks: before(known("psn_replica.protocollo", "id", knownvalue.StringExact("p_bs/protocollo-1")))},
		{
			// Without a configuration what needs a site says what to set.
			PreConfig:   func() { t.Setenv(provider.EnvConfig, "") },
			Config:      example(t, "brescia"),
			ExpectError: regexp.MustCompile(`(?s)This\s+needs\s+a\s+site.*config_file.*PSN_CONFIG`),
		},
		{PreConfig: func() { t.Setenv(provider.EnvConfig, lab.ConfigFile()) }, Config: example(t, "replica")},
	}, provider.WithEngine(func(context.Context, *providerdata.Data) (replica.Engine, error) { return engine, nil }))
	if s := engine.specs["p_bs/protocollo-1"]; s.Source.Name != "brescia" || s.Target.StandbySite == "" {
		t.Errorf("the example registered %+v", s)
	}
}

func TestFunctionsAndCatalogue(t *testing.T) {
	lab := providertest.Start(t)
	out := func(name string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownOutputValue(name, want)
	}
	providertest.Test(t, []resource.TestStep{
		{
			Config: lab.Config(`
data "psn_sites" "all" {}
output "a" { value = provider::psn::migration_mode("on-premise-structured", "iaas").mode }
output "none" { value = provider::psn::migration_mode("saas", "saas").outcome }
output "good" { value = provider::psn::fiscal_code_valid("80008750178") }
output "bad" { value = provider::psn::fiscal_code_valid("80008750179") }
output "km" { value = data.psn_sites.all.sites[1].distances_km["santo-stefano-ticino"] }
`),
			ConfigStateChecks: []statecheck.StateCheck{
				out("a", knownvalue.StringExact("A")),
				out("none", knownvalue.StringExact("not fundable")),
				out("good", knownvalue.Bool(true)),
				out("bad", knownvalue.Bool(false)),
				out("km", knownvalue.StringRegexp(regexp.MustCompile(`^51\d\.\d$`))),
			},
		},
		{Config: lab.Config(`output "x" { value = provider::psn::migration_mode("mainframe", "iaas") }`), ExpectError: regexp.MustCompile(`(?s)unknown origin "mainframe"`)},
		{Config: lab.Config("")},
	})
}
