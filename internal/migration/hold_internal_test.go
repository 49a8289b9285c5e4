package migration

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// heldBy says that every source is held for the replica.
type heldBy psn.VMID

func (h heldBy) look(_ context.Context, source string, by psn.VMID) error {
	if psn.VMID(h) != by {
		return taken("replica %s takes %s", string(h), source)
	}
	return nil
}

func (h heldBy) take(ctx context.Context, source string, s Spec) error {
	return h.look(ctx, source, s.ID)
}
func (h heldBy) drop(context.Context, string, psn.VMID) error { return nil }

// oneSite is an estate of one fake that is source and target.
type oneSite struct{ *fakeSite }

func (o oneSite) Site(context.Context, psn.Site, psn.Platform) (driver.Site, error) {
	return o.fakeSite, nil
}

func (o oneSite) Source(context.Context, string) (driver.Site, error) { return o.fakeSite, nil }

func (o oneSite) Worker(context.Context, psn.Site, psn.Platform) (WorkerPlace, error) {
	return WorkerPlace{VM: "worker"}, nil
}

func TestBackLeavesAHeldSourceOff(t *testing.T) {
	in := CutoverInput{
		Spec:    Spec{ID: "p_bs/n-5", Source: SourceRef{Name: "brescia"}},
		Machine: Machine{Ref: "vm-1", InstanceUUID: "52A1", Power: psn.PoweredOn},
		Target:  Target{Ref: "vm-2"},
	}
	cold := in
	cold.Machine.Power = psn.PoweredOff
	old := in
	old.Machine.InstanceUUID = "" // from before sources were held
	for name, tc := range map[string]struct {
		in     CutoverInput
		holder heldBy
		power  string
		err    string
	}{
		"its own":                {in, "p_bs/n-5", "vm-2 off, vm-1 on", ""},
		"another's":              {in, "p_bs/n-6", "vm-2 off", "replica p_bs/n-6 takes source/brescia/52a1"},
		"was off before":         {cold, "p_bs/n-5", "vm-2 off", ""},
		"from an earlier engine": {old, "p_bs/n-6", "vm-2 off, vm-1 on", ""},
	} {
		t.Run(name, func(t *testing.T) {
			site := &fakeSite{}
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.SetTestTimeout(20 * time.Second)
			a := &activities{estate: oneSite{site}, holds: tc.holder}
			env.RegisterActivity(a)
			_, err := env.ExecuteActivity(a.Back, tc.in)
			if got := strings.Join(site.powered, ", "); got != tc.power {
				t.Errorf("powered %q, want %q", got, tc.power)
			}
			var app *temporal.ApplicationError
			switch {
			case tc.err == "" && err != nil:
				t.Error(err)
			case tc.err != "" && (!errors.As(err, &app) || !app.NonRetryable() || !strings.Contains(app.Message(), tc.err)):
				t.Errorf("error %v, want a final one that says %q", err, tc.err)
			}
		})
	}
}

func TestTenantAndReachAreChecked(t *testing.T) {
	s := Spec{ID: "p_bs/db-1", Target: TargetRef{Site: psn.Acilia, Cluster: "c1"}}
	site := &fakeSite{}
	if err := checkTenant(t.Context(), site, s); !psn.Is(err, psn.NotFound) || !strings.Contains(err.Error(), `tenant "p_bs" was not made at this site: declare it with psn_tenant`) {
		t.Errorf("tenant: %v", err)
	}
	if err := checkReach(t.Context(), site, s, "vm-9", WorkerPlace{VM: "worker"}); !psn.Is(err, psn.Unsupported) || !strings.Contains(err.Error(), `worker "worker" cannot reach the datastores of cluster "c1"`) {
		t.Errorf("reach: %v", err)
	}
	site.tenants, site.reached = []psn.TenantID{"p_bs"}, "c1"
	if err := errors.Join(checkTenant(t.Context(), site, s), checkReach(t.Context(), site, s, "vm-9", WorkerPlace{})); err != nil {
		t.Error(err)
	}
}

// An attachment that the platform refuses is not tried for ever.
func TestRefusedAttachmentIsFinal(t *testing.T) {
	for code, final := range map[psn.Code]bool{psn.Conflict: true, psn.Unsupported: true, psn.Unavailable: false} {
		_, err := openAttached(t.Context(), nil, refusing{code}, "vm-9", WorkerPlace{}, "vm-2", 2000, 1)
		var app *temporal.ApplicationError
		if !errors.As(wire(t.Context(), err), &app) || app.NonRetryable() != final || app.Type() != string(code) {
			t.Errorf("%s: %v, want final %t", code, err, final)
		}
	}
}

type refusing struct{ code psn.Code }

func (r refusing) AttachDisk(context.Context, string, string, int32) (string, error) {
	return "", psn.Errorf(r.code, "refused")
}
func (refusing) DetachDisk(context.Context, string, string) error { return nil }
