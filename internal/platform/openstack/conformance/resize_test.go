package conformance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestResizeCutOff: a resize whose caller was cut off before it confirmed it is
// told as unsettled, and ended by whoever asks for power, with the new size.
func TestResizeCutOff(t *testing.T) {
	for _, want := range []psn.PowerState{psn.PoweredOn, psn.PoweredOff} {
		t.Run(string(want), func(t *testing.T) {
			cfg := labConfig(t, claim(t))
			s := openLab(t, cfg)
			id := tenantOn(t, cfg, s)
			ctx := bounded(t)
			lab := openstacklab.Find(t)
			at := lab.Site(t, cfg.Site)
			spec := small(t, cfg.Site, id, "between")
			spec.On = true
			ref, err := s.CreateVM(ctx, spec)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Power(ctx, ref, psn.PoweredOn); err != nil {
				t.Fatal(err)
			}
			cli(t, lab, at, "server", "resize", "--flavor", "psn.v2m4", ref)
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
				if strings.Contains(cli(t, lab, at, "server", "show", "-f", "value", "-c", "status", ref), "VERIFY_RESIZE") {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("the server does not come to wait for a confirmation")
				}
			}
			inv, err := s.Inventory(ctx)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(inv.VMs, func(vm psn.VM) bool { return vm.Ref == ref })
			if i < 0 || inv.VMs[i].Power != psn.Unsettled || inv.VMs[i].VCPUs != 2 {
				t.Errorf("told: %+v", inv.VMs)
			}
			if err := s.Power(ctx, ref, want); err != nil {
				t.Fatal(err)
			}
			vm, err := s.DescribeVM(ctx, ref)
			if err != nil || vm.Power != want || vm.VCPUs != 2 || vm.MemoryMiB != 4096 {
				t.Errorf("afterwards: %+v, %v", vm, err)
			}
			events := cli(t, lab, at, "server", "event", "list", "-f", "value", "-c", "Action", ref)
			if n := strings.Count(events, "stop"); want == psn.PoweredOn && n > 0 {
				t.Errorf("a machine that is to run was stopped: %s", events)
			}
		})
	}
}
