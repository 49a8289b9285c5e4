package vsphere_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The plain simulator tracks nothing and would not complain about a change id
// of another life of the disk: the comparison of the UUID parts must.
func TestForeignChangeIDIsStaleWhateverTheServerSays(t *testing.T) {
	s := open(t, config(t, sim(t, 0)))
	ctx := bounded(t)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	ref, err := s.CreateVM(ctx, spec("p_bs/a"))
	if err != nil {
		t.Fatal(err)
	}
	vm, err := s.DescribeVM(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	key := vm.Disks[0].Key
	_, err = s.ChangedAreas(ctx, ref, "", key, "52 de ad be ef 00 00 00-00 00 00 00 00 00 00 01/7", 0)
	if !psn.Is(err, psn.Stale) {
		t.Errorf("err = %v, want code stale", err)
	}
	_, err = s.ChangedAreas(ctx, ref, "", key, "*", 0)
	if !psn.Is(err, psn.Unsupported) {
		t.Errorf("a server without change tracking: %v, want code unsupported", err)
	}
}
