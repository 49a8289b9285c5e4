package platformtest

import (
	"context"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Part is one service of an endpoint of several.
type Part struct {
	Name string // as errors name it
	// Capacity says that an inventory without it would be half of one.
	Capacity bool
	// Cut takes the service away, Restore gives it back.
	Cut, Restore func()
	// Without is something that needs it not.
	Without func(context.Context, driver.Site) error
}

// testPartGone: while one service gives no answer, half a site is not told as
// one, what does not need the service goes on, and a machine that was begun is
// completed when the service is back.
func testPartGone(t *testing.T, h *Harness) {
	if len(h.Parts) == 0 {
		t.Fatal("the harness names no part that can be gone")
	}
	for _, p := range h.Parts {
		t.Run(p.Name, func(t *testing.T) {
			s := h.open(t)
			h.tenant(t, s)
			whole := h.create(t, s, "whole")
			one := h.stands(t, s)
			p.Cut()
			inv, err := s.Inventory(within(t))
			switch {
			case !p.Capacity && err != nil:
				t.Errorf("an inventory needs it not: %v", err)
			case p.Capacity:
				if inv != nil {
					t.Errorf("half an inventory: %+v", inv)
				}
				wantCode(t, err, psn.Unavailable)
				wantText(t, err, p.Name)
			}
			if err := p.Without(within(t), s); err != nil {
				t.Errorf("what does not need it: %v", err)
			}
			ref, err := s.CreateVM(within(t), h.spec("begun"))
			if ref != "" {
				t.Errorf("a machine: %q", ref)
			}
			wantCode(t, err, psn.Unavailable)
			wantText(t, err, p.Name)
			p.Restore()
			if ref = h.create(t, s, "begun"); ref == whole {
				t.Fatalf("two machines of one ref %s", ref)
			}
			if vms := h.named(t, s, "begun"); len(vms) != 1 || vms[0].Ref != ref || vms[0].ID == "" {
				t.Errorf("after the service came back: %+v, ref %s", vms, ref)
			}
			if n := h.stands(t, s); n != 2*one {
				t.Errorf("%d objects of the tenant stand; one machine has %d", n, one)
			}
			for _, r := range []string{ref, whole} {
				if err := s.DeleteVM(within(t), r); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// stands counts what the tenant has at the endpoint.
func (h *Harness) stands(t testing.TB, s driver.Site) int {
	t.Helper()
	left, err := as[driver.Leftovers](t, s).TenantLeftovers(within(t), h.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}
