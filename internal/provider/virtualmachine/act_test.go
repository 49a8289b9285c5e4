package virtualmachine

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// bench is a site with one machine.
type bench struct {
	driver.Site
	vm      psn.VM
	offline bool // disks grow while the machine is off only
	stiff   bool // its size changes then only, too
	tools   bool // its guest can be asked to shut down
	refuse  psn.Code
	did     []string
}

func (b *bench) DescribeVM(context.Context, string) (*psn.VM, error) {
	vm := b.vm
	return &vm, nil
}

func (b *bench) UpdateVM(_ context.Context, _ string, c driver.VMChange) error {
	running := b.vm.Power == psn.PoweredOn
	var what []string
	if c.Disks != nil {
		what = append(what, "grow")
	}
	if c.VCPUs != nil {
		what = append(what, "resize")
	}
	did := strings.Join(what, "+")
	switch {
	case b.refuse != "":
		b.did = append(b.did, did+" refused")
		return psn.Errorf(b.refuse, "no")
	case running && (c.Disks != nil && b.offline || c.VCPUs != nil && b.stiff):
		b.did = append(b.did, did+" refused")
		return psn.Errorf(psn.Conflict, "power the machine off")
	}
	b.did = append(b.did, did+" while "+string(b.vm.Power))
	return nil
}

func (b *bench) Power(_ context.Context, _ string, want psn.PowerState) error {
	if b.vm.Power != want {
		b.did = append(b.did, "power "+string(want))
	}
	b.vm.Power = want
	return nil
}

func (b *bench) ShutdownGuest(context.Context, string) error {
	if b.vm.Power == psn.PoweredOff {
		return nil
	}
	if !b.tools {
		return psn.Errorf(psn.Unavailable, "no tools run in the guest")
	}
	b.did = append(b.did, "shut down")
	b.vm.Power = psn.PoweredOff
	return nil
}

// TestOrderOfAChange: what needs a machine that is off is done while it is, when
// the same change turns it off or on, and nothing is stopped that has not to be.
func TestOrderOfAChange(t *testing.T) {
	const on, off = psn.PoweredOn, psn.PoweredOff
	for name, tc := range map[string]struct {
		bench   bench
		was, is psn.PowerState
		resize  bool
		want    string
		fails   psn.Code
	}{
		"grows, goes off":                {bench{offline: true}, on, off, false, "grow refused, power off, grow while off", ""},
		"grows in an orderly way":        {bench{offline: true, tools: true}, on, off, false, "grow refused, shut down, grow while off", ""},
		"grows where it may run":         {bench{}, on, off, false, "grow while on, power off", ""},
		"grows, goes on":                 {bench{offline: true}, off, on, false, "grow while off, power on", ""},
		"grows, stays on":                {bench{offline: true}, on, on, false, "grow refused", psn.Conflict},
		"both, goes off":                 {bench{offline: true, stiff: true}, on, off, true, "grow refused, power off, grow while off, resize while off", ""},
		"both, goes off, nothing needed": {bench{}, on, off, true, "grow while on, power off, resize while off", ""},
		"both, goes on":                  {bench{offline: true, stiff: true}, off, on, true, "grow while off, resize while off, power on", ""},
		"both, stays on":                 {bench{stiff: true}, on, on, true, "grow while on, resize refused, power off, resize while off, power on", ""},
		"refused for its value":          {bench{refuse: psn.InvalidInput}, on, off, false, "grow refused", psn.InvalidInput},
	} {
		t.Run(name, func(t *testing.T) {
			b := tc.bench
			state := standing(psn.OpenStack)
			b.vm = psn.VM{ID: "p_bs/web-1", Ref: "s1", Name: "web-1", Cluster: "a", VCPUs: 2, MemoryMiB: 4096, Power: tc.was, Disks: []psn.Disk{{CapacityBytes: 10 << 30}, {CapacityBytes: 20 << 30}}, NICs: []psn.NIC{{Network: "lan"}}}
			at := platform.New(psn.Acilia, psn.OpenStack, "site acilia", func(context.Context) (driver.Site, error) { return &b, nil })
			m := state
			m.Disks, m.PowerState = gibs(10, 30), known(string(tc.is))
			if tc.resize {
				m.VCPUs = types.Int64Value(4)
			}
			vm := b.vm
			l := m.labels(psn.RoleActive)
			vm.Service, vm.Classification, vm.PrimarySite = l.Service, l.Classification, l.PrimarySite
			err := (&vmResource{}).change(t.Context(), m, state, seen{at, &vm})
			if tc.fails == "" && err != nil || tc.fails != "" && !psn.Is(err, tc.fails) {
				t.Errorf("err = %v", err)
			}
			if d := cmp.Diff(tc.want, strings.Join(b.did, ", ")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestAnothersMachineIsLeftAlone: when somebody else made the machine meanwhile, the
// state names nothing, and neither their machine nor a standby that stood before is
// touched.
func TestAnothersMachineIsLeftAlone(t *testing.T) {
	m := standing(psn.VSphere)
	m.StandbySite, m.StandbyPlatform, m.StandbyCluster = known("rozzano"), known("vsphere"), known("r")
	untouched := &vmResource{} // any look at a site would be a nil dereference
	for _, cause := range []error{&taken{"it stands"}, psn.Errorf(psn.AlreadyExists, "another has made it")} {
		if gone, err := untouched.undone(t.Context(), m, true, cause); !gone || err != nil {
			t.Errorf("%v: gone %t, %v", cause, gone, err)
		}
	}
	// In doubt the state goes on naming what may stand.
	if gone, err := untouched.undone(t.Context(), m, false, psn.Errorf(psn.Unavailable, "no answer")); gone || err != nil {
		t.Errorf("gone %t, %v", gone, err)
	}
}
