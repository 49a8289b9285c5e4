package replica_test

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

const address = "psn_replica.protocollo"

// engine is a durable engine in memory that does as it is told at once.
type engine struct {
	mu     sync.Mutex
	specs  map[psn.VMID]migration.Spec
	status map[psn.VMID]migration.Status
	log    []string

	approved migration.Approval
}

func newEngine() *engine {
	return &engine{specs: map[psn.VMID]migration.Spec{}, status: map[psn.VMID]migration.Status{}}
}

func (e *engine) option() provider.Option {
	return provider.WithEngine(func(context.Context, *providerdata.Data) (replica.Engine, error) { return e, nil })
}

func (e *engine) set(id psn.VMID, p migration.Phase, entry string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.status[id]
	s.ID, s.Phase = id, p
	e.status[id] = s
	e.log = append(e.log, entry)
	return nil
}

func (e *engine) Start(_ context.Context, s migration.Spec) error {
	if err := s.Check(); err != nil {
		return err
	}
	e.specs[s.ID] = s
	return e.set(s.ID, migration.PhaseSeeding, "start "+string(s.ID))
}

func (e *engine) Status(_ context.Context, id psn.VMID) (migration.Status, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.status[id]
	if !ok {
		return s, psn.Errorf(psn.NotFound, "no replica %s", id)
	}
	return s, nil
}

func (e *engine) Approve(_ context.Context, id psn.VMID, a migration.Approval) error {
	e.mu.Lock()
	e.approved = a
	e.mu.Unlock()
	return e.set(id, migration.PhaseVerified, "approve by "+a.By)
}

func (e *engine) Finalize(_ context.Context, id psn.VMID, a migration.Approval) error {
	return e.set(id, migration.PhaseFinalized, "finalize by "+a.By)
}

func (e *engine) Rollback(_ context.Context, id psn.VMID, a migration.Approval) error {
	return e.set(id, migration.PhaseRolledBack, "rollback by "+a.By)
}

func (e *engine) Cancel(_ context.Context, id psn.VMID) error {
	return e.set(id, migration.PhaseFailed, "cancel")
}

func config(lab *providertest.Lab, more string) string {
	return lab.Config(providertest.Tenant + fmt.Sprintf(`
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    protocollo = {
      service_id = psn_service.protocollo.id, classification = psn_service.protocollo.classification
      instances  = 1, vcpus = 4, memory_gib = 8, storage_gib = 1, sites = ["acilia"]
    }
  }
}

resource "psn_replica" "protocollo" {
  source    = { name = "brescia", vm = "protocollo" }
  placement = psn_placement.brescia.assignments["protocollo-1"]
  rpo       = "15m"
  %s
}
`, more))
}

func TestDecisions(t *testing.T) {
	lab := providertest.Start(t)
	e := newEngine()
	fails := func(more, text string) resource.TestStep {
		return resource.TestStep{Config: config(lab, more), ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	before := func(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: checks}
	}
	phase := func(want string) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue(address, tfjsonpath.New("status_phase"), knownvalue.StringExact(want))}
	}
	providertest.Test(t, []resource.TestStep{
		fails(`phase = "cutover"`+"\n  approved_by = \"mario.rossi\"", `cannot go from "replicating" to "cutover"`),
		{
			Config: config(lab, ""),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_bs/protocollo-1")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("workflow_id"), knownvalue.StringExact("replica/p_bs/protocollo-1")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("classification"), knownvalue.StringExact("critical")),
			),
			ConfigStateChecks: phase("seeding"),
		},
		{
			// Progress is observed and changes no plan.
			PreConfig: func() {
				e.mu.Lock()
				defer e.mu.Unlock()
				e.status["p_bs/protocollo-1"] = migration.Status{ID: "p_bs/protocollo-1", Phase: migration.PhaseReplicating, Deltas: 3, LastSyncAt: time.Now()}
			},
			Config:           config(lab, ""),
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
		fails(`min_deltas = 5`, `Unable to change replica "p_bs/protocollo-1".*min_deltas`),
		fails(`phase = "cutover"`, `nobody is named as deciding`),
		fails(`phase = "finalized"`+"\n  approved_by = \"mario.rossi\"", `cannot go`),
		{Config: config(lab, `phase = "cutover"`+"\n  approved_by = \"mario.rossi\"\n  wait_for = \"verified\""), ConfigStateChecks: phase("verified")},
		{
			Config:  config(lab, `phase = "cutover"`+"\n  approved_by = \"mario.rossi\"\n  wait_for = \"verified\""),
			Destroy: true, ExpectError: regexp.MustCompile(`(?s)Unable to destroy replica.*set phase to "finalized"`),
		},
		{Config: config(lab, `phase = "finalized"`+"\n  approved_by = \"anna.bianchi\""), ConfigStateChecks: phase("finalized")},
		{
			// A finished replica does not begin again when the engine forgets it.
			PreConfig: func() {
				e.mu.Lock()
				defer e.mu.Unlock()
				delete(e.status, "p_bs/protocollo-1")
			},
			Config:           config(lab, `phase = "finalized"`+"\n  approved_by = \"anna.bianchi\""),
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
	}, e.option())
	want := []string{"start p_bs/protocollo-1", "approve by mario.rossi", "finalize by anna.bianchi"}
	if diff := cmp.Diff(want, e.log); diff != "" {
		t.Errorf("the engine was asked (-want +got):\n%s", diff)
	}
	spec := e.specs["p_bs/protocollo-1"]
	if spec.Target.Site != psn.Acilia || spec.Target.StandbySite == "" || spec.Target.StandbyPlatform == "" || spec.Target.StandbyCluster == "" ||
		spec.Resources != (psn.Resources{VCPUs: 4, MemoryMiB: 8 << 10, StorageMiB: 1 << 10}) || spec.RPO != 15*time.Minute || spec.Source.VM != "protocollo" || spec.Verify != migration.VerifyReadback {
		t.Errorf("started with %+v", spec)
	}
}

func TestDestroyCancelsAndKeepsTheTarget(t *testing.T) {
	lab := providertest.Start(t)
	e := newEngine()
	providertest.Test(t, []resource.TestStep{{Config: config(lab, "")}}, e.option())
	want := []string{"start p_bs/protocollo-1", "cancel"}
	if diff := cmp.Diff(want, e.log); diff != "" {
		t.Errorf("the engine was asked (-want +got):\n%s", diff)
	}
}

// byHand is a replica whose placement somebody wrote down.
func byHand(lab *providertest.Lab, source, class, standby string) string {
	if standby != "" {
		standby = fmt.Sprintf("standby_site = %q", standby)
	}
	return lab.Config(providertest.Tenant + fmt.Sprintf(`
resource "psn_replica" "protocollo" {
  source    = { name = %q, vm = "protocollo" }
  placement = {
    vm = "protocollo-1", service_id = "p_bs/protocollo", classification = %q
    site = "acilia", platform = "vsphere", cluster = "cluster-1"
    %s
  }
  rpo = "15m"
}
`, source, class, standby))
}

func TestRulesAndSourcesAreJudgedInThePlan(t *testing.T) {
	lab := providertest.Start(t)
	e := newEngine()
	fails := func(config, text string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	const basis = `.*What to do: .*Basis: project: regola di.*progetto`
	providertest.Test(t, []resource.TestStep{
		fails(byHand(lab, "brescia", "critical", ""), `Unable to plan replica "p_bs/protocollo-1".*PLC-001`+basis),
		fails(byHand(lab, "brescia", "critical", "acilia"), `PLC-001.*its own site`+basis),
		fails(byHand(lab, "brescia", "strategic", "pomezia"), `PLC-002.*same region`+basis),
		fails(byHand(lab, "bergamo", "critical", "rozzano"), `source "bergamo" is not in the.*configuration: configured are \["brescia"\]`),
	}, e.option())
	if len(e.log) != 0 {
		t.Errorf("the engine was asked: %v", e.log)
	}
}

func TestEngineThatIsAway(t *testing.T) {
	lab := providertest.Start(t)
	away := provider.WithEngine(func(context.Context, *providerdata.Data) (replica.Engine, error) {
		return nil, psn.At("engine", psn.Errorf(psn.Unavailable, "engine is not running: start it with psn-engine --data engine"))
	})
	providertest.Test(t, []resource.TestStep{{
		Config: config(lab, ""),
		// The sentence about the engine ends the diagnostic: no advice about sites.
		ExpectError: regexp.MustCompile(`(?s)engine is not running: start it with psn-engine.{0,3}--data.{0,3}engine\.[^A-Za-z]*$`),
	}}, away)
}
