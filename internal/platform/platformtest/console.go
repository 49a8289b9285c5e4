package platformtest

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func testConsole(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Console](t, s)
	id := h.ownTenant(t, s)
	ref := h.machine(t, s, id, "talks", nil)
	if err := s.Power(within(t), ref, psn.PoweredOn); err != nil {
		t.Fatal(err)
	}
	all, err := o.ConsoleLog(within(t), ref, 0)
	if err != nil {
		t.Fatal(err)
	}
	last, err := o.ConsoleLog(within(t), ref, 1)
	if err != nil {
		t.Fatal(err)
	}
	if all == "" || !strings.HasSuffix(strings.TrimRight(all, "\n"), strings.TrimRight(last, "\n")) || strings.Count(strings.TrimRight(last, "\n"), "\n") > 0 {
		t.Errorf("all of it is %q, its last line %q", all, last)
	}
	_, err = o.ConsoleLog(within(t), ref, -1)
	wantCode(t, err, psn.InvalidInput)
	if err := s.DeleteVM(within(t), ref); err != nil {
		t.Fatal(err)
	}
	_, err = o.ConsoleLog(within(t), ref, 0)
	wantCode(t, err, psn.NotFound)
}
