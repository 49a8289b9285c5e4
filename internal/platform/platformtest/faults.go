package platformtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func testLostAnswer(t *testing.T, h *Harness) {
	var wire Wire
	s := h.openAs(t, Access{Wrap: wire.Wrap})
	h.tenant(t, s)
	wire.LoseAnswer(h.CreateCall)
	_, err := s.CreateVM(within(t), h.spec("lost"))
	wantCode(t, err, psn.Unavailable)
	if wire.Lost() != 1 {
		t.Fatalf("%d answers were lost: CreateCall of the harness is wrong", wire.Lost())
	}
	ref := h.create(t, s, "lost")
	vms := h.named(t, s, "lost")
	if len(vms) != 1 || vms[0].Ref != ref || vms[0].ID != h.spec("lost").ID {
		t.Errorf("after a second try: %+v, ref %s", vms, ref)
	}
}

func testOverload(t *testing.T, h *Harness) {
	s := h.open(t)
	h.tenant(t, s)
	h.Throttle(1, time.Second)
	from := time.Now()
	h.create(t, s, "patient")
	if d := time.Since(from); d < time.Second {
		t.Errorf("Retry-After of 1 s was not kept: %s", d)
	}
	h.Throttle(3, 0)
	if n := len(h.named(t, s, "patient")); n != 1 {
		t.Errorf("%d machines", n)
	}
	h.Throttle(h.Overload, 0) // for ever, as far as one request is concerned
	ctx, cancel := context.WithTimeout(within(t), time.Minute)
	defer cancel()
	_, err := s.Inventory(ctx)
	wantCode(t, err, psn.Unavailable)
	if ctx.Err() != nil {
		t.Error("patience has no end")
	}
	if h.Relieve != nil {
		h.Relieve()
	}
	if _, err := s.Inventory(within(t)); err != nil {
		t.Errorf("after the overload: %v", err)
	}
}

// testSessionExpires ends the session before each single request of a whole
// lifecycle: nothing of it may show.
func testSessionExpires(t *testing.T, h *Harness) {
	var wire Wire
	s := h.openAs(t, Access{Wrap: wire.Wrap})
	h.tenant(t, s)
	lifecycle := func(name string) {
		t.Helper()
		ctx := within(t)
		ref, err := s.CreateVM(ctx, h.spec(name))
		if err != nil {
			t.Fatalf("%s: create: %v", name, err)
		}
		if err := s.Power(ctx, ref, psn.PoweredOn); err != nil {
			t.Fatalf("%s: power on: %v", name, err)
		}
		if vms := h.named(t, s, name); len(vms) != 1 || vms[0].ID == "" {
			t.Fatalf("%s: inventory: %+v", name, vms)
		}
		if err := s.DeleteVM(ctx, ref); err != nil {
			t.Fatalf("%s: delete: %v", name, err)
		}
	}
	from := wire.Count()
	if h.Slow {
		// Every other request, then those between: one that is sent again after a
		// login leaves the order of the others as it is.
		for n := 1; n <= 2; n++ {
			wire.Every(n, 2, h.ExpireSessions)
			lifecycle(fmt.Sprintf("expire-%d", n))
			wire.Calm()
		}
		t.Logf("two lifecycles with their logins were %d requests", wire.Count()-from)
		return
	}
	lifecycle("count")
	requests := wire.Count() - from
	t.Logf("a lifecycle is %d requests", requests)
	if requests < 5 {
		t.Fatalf("the lifecycle made only %d requests", requests)
	}
	for n := 1; n <= requests; n++ {
		wire.Before(n, h.ExpireSessions)
		lifecycle(fmt.Sprintf("expire-%02d", n))
	}
}

func testWrongPassword(t *testing.T, h *Harness) {
	_, err := h.Open(within(t), Access{WrongPassword: true})
	wantCode(t, err, psn.Unauthenticated)
	wantText(t, err, h.Endpoint, h.User)
}

func testWrongPin(t *testing.T, h *Harness) {
	var wire Wire
	_, err := h.Open(within(t), Access{WrongPin: true, Wrap: wire.Wrap})
	wantCode(t, err, psn.Untrusted)
	wantText(t, err, h.Endpoint, "configured", "server shows", "thumbprint_sha256")
}

func testUnreachable(t *testing.T, h *Harness) {
	s := h.open(t)
	h.Stop()
	_, err := s.Inventory(within(t))
	wantCode(t, err, psn.Unavailable)
	wantText(t, err, h.Endpoint)
	_, err = h.Open(within(t), Access{})
	wantCode(t, err, psn.Unavailable)
	wantText(t, err, h.Endpoint)
	if err := h.Resume(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Inventory(within(t)); err != nil {
		t.Errorf("after the endpoint came back: %v", err)
	}
}

func testReadOnly(t *testing.T, h *Harness) {
	full := h.open(t)
	h.tenant(t, full)
	ref := h.create(t, full, "watched")
	s := h.openAs(t, Access{ReadOnly: true})
	ctx := within(t)
	if n := len(h.named(t, s, "watched")); n != 1 {
		t.Errorf("a reader sees %d machines", n)
	}
	cpus := int64(2)
	_, err := s.CreateVM(ctx, h.spec("never"))
	wantCode(t, err, psn.Forbidden)
	wantCode(t, s.EnsureTenant(ctx, driver.Tenant{ID: "c_b157"}), psn.Forbidden)
	wantCode(t, s.UpdateVM(ctx, ref, driver.VMChange{VCPUs: &cpus}), psn.Forbidden)
	wantCode(t, s.Power(ctx, ref, psn.PoweredOn), psn.Forbidden)
	wantCode(t, s.DeleteVM(ctx, ref), psn.Forbidden)
	if n := len(h.named(t, full, "watched")) + len(h.named(t, full, "never")); n != 1 {
		t.Errorf("%d machines after refused changes, want 1", n)
	}
}
