package platformtest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// testGroup: a hard group is kept or the machine is not made to run; a soft one
// is kept as far as hosts last.
func testGroup(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	start := func(name, group string, policy driver.GroupPolicy) (string, error) {
		spec := h.spec(name)
		spec.ID = psn.VMID(string(id) + "/" + name)
		spec.Group, spec.GroupPolicy = group, policy
		ref, err := s.CreateVM(within(t), spec)
		if err == nil {
			err = s.Power(within(t), ref, psn.PoweredOn)
		}
		return ref, err
	}
	ref, err := start("apart-0", "apart", driver.Apart)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := s.DescribeVM(within(t), ref)
	if err != nil || vm.Group != "apart" {
		t.Errorf("group of the machine: %+v, %v", vm, err)
	}
	full := false
	for i := 1; i <= h.Hosts; i++ {
		if _, err = start(fmt.Sprintf("apart-%d", i), "apart", driver.Apart); err != nil {
			if full = i == h.Hosts; !full {
				t.Fatalf("machine %d of %d hosts: %v", i+1, h.Hosts, err)
			}
			wantCode(t, err, psn.Exhausted)
		}
	}
	if !full {
		t.Errorf("%d machines run apart on %d hosts", h.Hosts+1, h.Hosts)
	}
	var wg sync.WaitGroup
	for i := range h.Hosts + 1 {
		wg.Go(func() {
			if _, err := start(fmt.Sprintf("soft-%d", i), "soft", driver.ApartIfCan); err != nil {
				t.Errorf("soft group, machine %d: %v", i, err)
			}
		})
	}
	wg.Go(func() { // the second goes where the first is
		for i := range 2 {
			if _, err := start(fmt.Sprintf("near-%d", i), "near", driver.OnOneHost); err != nil {
				t.Errorf("group of one host, machine %d: %v", i, err)
			}
		}
	})
	wg.Wait()
	_, err = start("other", "near", driver.Apart)
	wantCode(t, err, psn.AlreadyExists) // a group has one policy
	wantText(t, err, string(driver.OnOneHost))
	_, err = start("unknown", "x", "scattered")
	wantCode(t, err, psn.InvalidInput)
	wantText(t, err, "scattered")
}
