package platformtest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// testFindOne looks single machines up, with another process's eyes, and finds
// what a look at the whole site tells.
func testFindOne(t *testing.T, h *Harness) {
	s := h.open(t)
	h.tenant(t, s)
	id := psn.VMID(fmt.Sprintf("%s/%s", h.Tenant, "found"))
	other, ok := h.open(t).(driver.Finder)
	if !ok {
		t.Fatal("the backend cannot look for one machine")
	}
	_, err := other.FindVM(within(t), id)
	wantCode(t, err, psn.NotFound)
	ref := h.create(t, s, "found")
	h.create(t, s, "found-2")
	vm, err := other.FindVM(within(t), id)
	if err != nil {
		t.Fatal(err)
	}
	whole := h.named(t, s, "found")
	if len(whole) != 1 {
		t.Fatalf("%d machines of the name", len(whole))
	}
	if d := cmp.Diff(whole[0], *vm); d != "" {
		t.Errorf("the whole site tells otherwise: %s", d)
	}
	if err := s.DeleteVM(within(t), ref); err != nil {
		t.Fatal(err)
	}
	_, err = other.FindVM(within(t), id)
	wantCode(t, err, psn.NotFound)
}
