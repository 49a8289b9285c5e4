package migration

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func roomy(name string, memory int64) psn.Cluster {
	return psn.Cluster{Name: name, Capacity: psn.Resources{VCPUs: 16, MemoryMiB: memory, StorageMiB: 1000}}
}

func standbyVM(change func(*psn.VM)) psn.VM {
	vm := psn.VM{
		Ref: "sb-1", ID: replicaID, Role: psn.RoleStandby, Power: psn.PoweredOff, VCPUs: 4, MemoryMiB: 8192,
		Service: "p_bs/db", Classification: psn.Critical, PrimarySite: psn.Acilia,
		Disks: []psn.Disk{{Key: 2000, CapacityBytes: 10 << 20}},
	}
	change(&vm)
	return vm
}

func TestStandbyIsMade(t *testing.T) {
	clusters := []psn.Cluster{roomy("small", 4096), roomy("medium", 16384), roomy("large", 32768)}
	for name, tc := range map[string]struct {
		decided string
		there   []psn.VM
		absent  bool // the tenant
		full    bool // the clusters
		again   bool // an earlier attempt told that it was making it
		want    *Standby
		did     string
		code    psn.Code
		err     string
	}{
		"where most room is":                {want: &Standby{Ref: "made-0", Made: true}, did: "create standby in large"},
		"where it was decided":              {decided: "medium", want: &Standby{Ref: "made-0", Made: true}, did: "create standby in medium"},
		"decided, room is counted":          {decided: "small", want: &Standby{Ref: "made-0", Made: true}, did: "create standby in small"},
		"there already":                     {there: []psn.VM{standbyVM(func(*psn.VM) {})}, want: &Standby{Ref: "sb-1"}},
		"there, made by an earlier attempt": {there: []psn.VM{standbyVM(func(*psn.VM) {})}, again: true, want: &Standby{Ref: "sb-1", Made: true}},
		"there, smaller":                    {there: []psn.VM{standbyVM(func(vm *psn.VM) { vm.VCPUs = 1 })}, want: &Standby{Ref: "sb-1"}, did: "update"},
		"there, of another home":            {there: []psn.VM{standbyVM(func(vm *psn.VM) { vm.PrimarySite = psn.Pomezia })}, want: &Standby{Ref: "sb-1"}, did: "update"},
		"there, running":                    {there: []psn.VM{standbyVM(func(vm *psn.VM) { vm.Power = psn.PoweredOn })}, code: psn.Conflict, err: "power it off"},
		"there, other disks":                {there: []psn.VM{standbyVM(func(vm *psn.VM) { vm.Disks = nil })}, code: psn.Conflict, err: "delete the standby"},
		"there, in another role":            {there: []psn.VM{standbyVM(func(vm *psn.VM) { vm.Role = psn.RoleActive })}, code: psn.Conflict, err: `has role "active"`},
		"no such cluster":                   {decided: "huge", code: psn.NotFound, err: `no cluster "huge" for the standby: the site has "small", "medium", "large"`},
		"no room":                           {full: true, code: psn.Exhausted, err: "needs 4 vCPU, 8192 MiB of memory, 10 MiB of storage"},
	} {
		t.Run(name, func(t *testing.T) {
			l, in := cutoverLand()
			l.standby = newPlant(tc.there...)
			l.standby.clusters = clusters
			if tc.full {
				l.standby.clusters = clusters[:1]
			}
			in.Spec.Target.StandbyCluster = tc.decided
			a := &activities{estate: l}
			var got *Standby
			var err error
			inActivity(t, func(ctx context.Context, b *beat) {
				b.update(func(p *progress) { p.Standby = tc.again })
				got, err = a.makeStandby(ctx, in.Spec, in.Machine, b)
			})
			if tc.err != "" {
				if !psn.Is(err, tc.code) || !strings.Contains(err.Error(), tc.err) || l.standby.did() != "" {
					t.Errorf("error %v after %q, want %s that says %q", err, l.standby.did(), tc.code, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" || l.standby.did() != tc.did {
				t.Errorf("did %q, want %q; (-want +got):\n%s", l.standby.did(), tc.did, d)
			}
			want := standbyVM(func(vm *psn.VM) { vm.Ref, vm.Cluster = got.Ref, l.standby.vms[got.Ref].Cluster })
			if d := cmp.Diff(want, *l.standby.vms[got.Ref]); d != "" {
				t.Errorf("standby (-want +got):\n%s", d)
			}
		})
	}
}

// inActivity runs f where a heart may beat.
func inActivity(t *testing.T, f func(context.Context, *beat)) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	run := func(ctx context.Context) error {
		ctx, b := startBeat(ctx)
		defer b.end()
		f(ctx, b)
		return nil
	}
	env.RegisterActivity(run)
	if _, err := env.ExecuteActivity(run); err != nil {
		t.Fatal(err)
	}
}

func TestStandbyIsCheckedBeforeAnythingIsMade(t *testing.T) {
	l, in := cutoverLand()
	l.standby.clusters = []psn.Cluster{roomy("large", 32768)}
	a := &activities{estate: l}
	if err := a.checkStandby(t.Context(), in.Spec, in.Machine); err != nil {
		t.Error(err)
	}
	l.standby.tenants = nil
	err := a.checkStandby(t.Context(), in.Spec, in.Machine)
	if want := `standby site rozzano (vsphere): tenant "p_bs" was not made at this site`; !psn.Is(err, psn.NotFound) || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
	in.Spec.Target.StandbySite = ""
	if err := a.checkStandby(t.Context(), in.Spec, in.Machine); err != nil {
		t.Errorf("no standby is asked for: %v", err)
	}
}

// Only a standby that this run made, for a target that never ran, is removed.
func TestStandbyIsRemovedWithItsReplica(t *testing.T) {
	for name, tc := range map[string]struct {
		unused, made bool
		vm           func(*psn.VM)
		removed      bool
	}{
		"unused":                       {true, true, func(*psn.VM) {}, true},
		"the target ran":               {false, true, func(*psn.VM) {}, false},
		"found":                        {true, false, func(*psn.VM) {}, false},
		"made active since":            {true, true, func(vm *psn.VM) { vm.Role = psn.RoleActive }, false},
		"running":                      {true, true, func(vm *psn.VM) { vm.Power = psn.PoweredOn }, false},
		"of another, the ref is older": {true, true, func(vm *psn.VM) { vm.ID = "p_bs/other-1" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, in := cutoverLand()
			l.standby = newPlant(standbyVM(tc.vm))
			in.Unused, in.Target.Standby = tc.unused, &Standby{Ref: "sb-1", Made: tc.made}
			for range 2 { // again, it is gone
				if err := (&activities{estate: l}).dropStandby(t.Context(), in); err != nil {
					t.Fatal(err)
				}
			}
			if got := l.standby.vms["sb-1"] == nil; got != tc.removed {
				t.Errorf("removed %t, want %t", got, tc.removed)
			}
		})
	}
}

func TestSourceLargerThanItsPlace(t *testing.T) {
	m := Machine{Name: "db", VCPUs: 4, MemoryMiB: 8192, Disks: []SourceDisk{{CapacityBytes: 10 << 20}}}
	for name, tc := range map[string]struct {
		may psn.Resources
		err string
	}{
		"unknown":        {psn.Resources{}, ""},
		"as large":       {psn.Resources{VCPUs: 4, MemoryMiB: 8192, StorageMiB: 10}, ""},
		"partly unknown": {psn.Resources{VCPUs: 4}, ""},
		"vcpus":          {psn.Resources{VCPUs: 2, MemoryMiB: 8192, StorageMiB: 10}, "has 4 vCPU, 8192 MiB of memory, 10 MiB of storage, but the place of \"p_bs/db-1\" was decided for 2 vCPU, 8192 MiB of memory, 10 MiB of storage: enlarge its workload"},
		"memory":         {psn.Resources{MemoryMiB: 8191}, "decided for 4 vCPU, 8191 MiB"},
		"storage":        {psn.Resources{StorageMiB: 9}, "9 MiB of storage"},
	} {
		err := checkSize(Spec{ID: replicaID, Resources: tc.may}, m)
		if (err == nil) != (tc.err == "") || err != nil && (!psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.err)) {
			t.Errorf("%s: %v, want %q in it", name, err, tc.err)
		}
	}
}
