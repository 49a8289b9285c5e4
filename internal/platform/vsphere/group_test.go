package vsphere_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// rulesOf reads a cluster's rules with a client of the test's own.
func rulesOf(t *testing.T, c *sandbox.Center, cluster string) map[string]types.BaseClusterRuleInfo {
	t.Helper()
	ctx := bounded(t)
	f := find.NewFinder((&admin{c: c}).client(t).Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.SetDatacenter(dc)
	k, err := f.ClusterComputeResource(ctx, cluster)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := k.Configuration(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]types.BaseClusterRuleInfo{}
	for _, r := range cfg.Rule {
		out[r.GetClusterRuleInfo().Name] = r
	}
	return out
}

func grouped(name, group string, p driver.GroupPolicy) driver.VMSpec {
	v := at(psn.VMID("p_bs/" + name))
	v.Group, v.GroupPolicy = group, p
	return v
}

func TestGroupsAreRulesOfTheCluster(t *testing.T) {
	for _, c := range []struct {
		policy    driver.GroupPolicy
		mandatory bool
		hosts     int // of three machines
	}{
		{driver.Apart, true, 3},
		{driver.ApartIfCan, false, 3},
		{driver.OnOneHost, true, 1},
	} {
		t.Run(string(c.policy), func(t *testing.T) {
			s, center := site(t)
			ctx := bounded(t)
			var refs []string
			for i := range 3 {
				refs = append(refs, create(t, s, grouped(fmt.Sprintf("g-%d", i), "db", c.policy)))
				if n := len(rulesOf(t, center, "acilia-cl01")); (n == 1) != (i > 0) {
					t.Errorf("%d machines, %d rules", i+1, n)
				}
			}
			rule := rulesOf(t, center, "acilia-cl01")["psn.p_bs.db"]
			if rule == nil || *rule.GetClusterRuleInfo().Mandatory != c.mandatory || !*rule.GetClusterRuleInfo().Enabled {
				t.Fatalf("rule: %+v", rule)
			}
			if vm := describe(t, s, refs[0]); vm.Group != "db" {
				t.Errorf("group %q", vm.Group)
			}
			hosts := running(t, s, center, refs...)
			slices.Sort(hosts)
			if n := len(slices.Compact(hosts)); n != c.hosts {
				t.Errorf("three machines run on %d hosts, want %d", n, c.hosts)
			}
			for i, r := range refs[:2] {
				if err := s.DeleteVM(ctx, r); err != nil {
					t.Fatal(err)
				}
				if n := len(rulesOf(t, center, "acilia-cl01")); n != 1-i {
					t.Errorf("%d machines left, %d rules", 2-i, n)
				}
			}
		})
	}
}

func TestAGroupThatCannotBeKeptIsRefused(t *testing.T) {
	s, center := site(t)
	ctx := bounded(t)
	for i := range 4 { // the cluster has four hosts
		create(t, s, grouped(fmt.Sprintf("hard-%d", i), "hard", driver.Apart))
		create(t, s, grouped(fmt.Sprintf("soft-%d", i), "soft", driver.ApartIfCan))
	}
	_, err := s.CreateVM(ctx, grouped("hard-4", "hard", driver.Apart))
	refused(t, err, psn.Exhausted, "hard", "4 hosts")
	fifth := create(t, s, grouped("soft-4", "soft", driver.ApartIfCan))
	var refs []string
	inv, err := s.Inventory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, vm := range inv.VMs {
		if vm.Group == "soft" && vm.Ref != fifth {
			refs = append(refs, vm.Ref)
		}
	}
	running(t, s, center, append(refs, fifth)...)

	create(t, s, grouped("one", "close", driver.OnOneHost))
	far := grouped("two", "close", driver.OnOneHost)
	far.Cluster = "acilia-cl02"
	_, err = s.CreateVM(ctx, far)
	refused(t, err, psn.Exhausted, "acilia-cl01")
	_, err = s.CreateVM(ctx, grouped("three", "close", driver.Apart))
	refused(t, err, psn.AlreadyExists, "affinity", "one")
	for _, bad := range []driver.VMSpec{grouped("x", "g", "spread"), grouped("x", "", driver.Apart), grouped("x", "g", ""), grouped("x", "A B", driver.Apart)} {
		_, err := s.CreateVM(ctx, bad)
		refused(t, err, psn.InvalidInput)
	}
}

// Machines of one group made at once, by two processes, all end in the rule.
func TestGroupGrowsConcurrently(t *testing.T) {
	sb, center := start(t, "acilia")
	a, b := open(t, sandboxConfig(sb, center, sandbox.Operator)), open(t, sandboxConfig(sb, center, sandbox.Operator))
	if err := a.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s := []driver.Site{a, b}[i%2]
			if _, err := s.CreateVM(bounded(t), grouped(fmt.Sprintf("g-%d", i), "db", driver.ApartIfCan)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	rule, ok := rulesOf(t, center, "acilia-cl01")["psn.p_bs.db"].(*types.ClusterAntiAffinityRuleSpec)
	if !ok || len(rule.Vm) != 8 {
		t.Errorf("rule: %+v", rule)
	}
}
