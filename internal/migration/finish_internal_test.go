package migration

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The target is started only while the source is off and mute.
func TestTargetStartsOnlyBesideASilentSource(t *testing.T) {
	for name, tc := range map[string]struct {
		disturb func(l land)
		err     string
	}{
		"silent":                       {func(land) {}, ""},
		"started":                      {func(l land) { l.source.vms["s-1"].Power = psn.PoweredOn }, `source machine "db" is powered on`},
		"suspended":                    {func(l land) { l.source.vms["s-1"].Power = psn.Suspended }, `source machine "db" is powered suspended`},
		"connected":                    {func(l land) { l.source.vms["s-1"].NICs[0].Connected = true }, "card m1 of source machine"},
		"gone":                         {func(l land) { delete(l.source.vms, "s-1") }, "no machine s-1"},
		"started while we were at it":  {startSource("links true"), `source machine "db" is powered on`},
		"started while disks detached": {startSource("detach"), `source machine "db" is powered on`},
	} {
		t.Run(name, func(t *testing.T) {
			l, in := cutoverLand()
			tc.disturb(l)
			err := (&activities{estate: l}).activate(t.Context(), in)
			if tc.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				if want := "update, links true, power on"; l.target.did() != want {
					t.Errorf("changes %q, want %q", l.target.did(), want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.err) || !hopeless[psn.CodeOf(err)] {
				t.Errorf("error %v, want one that ends the cutover and says %q", err, tc.err)
			}
			if strings.Contains(l.target.did(), "power") {
				t.Errorf("changes %q, want the target not started", l.target.did())
			}
		})
	}
}

// startSource starts the source while the target is being changed.
func startSource(during string) func(land) {
	return func(l land) {
		l.target.slow = func(_ context.Context, call string) error {
			if call == during {
				l.source.vms["s-1"].Power = psn.PoweredOn
			}
			return nil
		}
	}
}

// Cards that were never connected are not connected by a migration, nor by
// taking it back.
func TestCardsStayAsTheyWere(t *testing.T) {
	l, in := cutoverLand()
	a := &activities{estate: l}
	if err := a.activate(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	want := []psn.NIC{{MAC: "m1", Connected: true}, {MAC: "m2"}}
	if d := cmp.Diff(want, l.target.vms["t-1"].NICs); d != "" {
		t.Errorf("cards of the target (-want +got):\n%s", d)
	}
	if err := a.revive(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, l.source.vms["s-1"].NICs); d != "" {
		t.Errorf("cards of the source (-want +got):\n%s", d)
	}
}

// A step waits for what an earlier attempt, or going back, has under way.
func TestStepsOfACutoverWaitForEachOther(t *testing.T) {
	for _, name := range []string{"Shutdown", "Isolate", "Activate"} {
		t.Run(name, func(t *testing.T) {
			l, in := cutoverLand()
			l.source.vms["s-1"].Power = psn.PoweredOn
			if name == "Activate" {
				l.source.vms["s-1"].Power = psn.PoweredOff
			}
			in.Spec.ShutdownAfter, in.Since = time.Minute, time.Now()
			a := &activities{estate: l}
			release, err := a.claim(t.Context(), in.Spec.ID)
			if err != nil {
				t.Fatal(err)
			}
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.RegisterActivity(a)
			done := make(chan error, 1)
			go func() {
				_, err := env.ExecuteActivity(name, in)
				done <- err
			}()
			select {
			case err := <-done:
				t.Errorf("it did not wait (%v)", err)
			case <-time.After(100 * time.Millisecond):
			}
			if did := l.source.did() + l.target.did(); did != "" {
				t.Errorf("it did %q meanwhile", did)
			}
			release()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatal("it did not go on")
			}
			if l.source.did()+l.target.did() == "" {
				t.Error("it did nothing when its turn came")
			}
		})
	}
}

// A worker that cannot ask whether its step still counts changes nothing.
func TestStepOfAWorkerThatIsCutOff(t *testing.T) {
	l, in := cutoverLand()
	a := &activities{estate: l, wanted: func(context.Context) error { return errCut }}
	l.source.vms["s-1"].Power = psn.PoweredOn
	in.Spec.HardPowerOff = true
	inActivity(t, func(ctx context.Context, b *beat) {
		_, down := a.shutdown(ctx, in, b)
		l.source.vms["s-1"].Power = psn.PoweredOff
		for name, err := range map[string]error{"shutdown": down, "isolate": a.isolate(ctx, in), "activate": a.activate(ctx, in)} {
			if !psn.Is(err, psn.Unavailable) {
				t.Errorf("%s: %v, want one to be tried again", name, err)
			}
		}
	})
	if did := l.source.did() + l.target.did(); did != "" {
		t.Errorf("it did %q", did)
	}
}

// A step that was given up makes no further change, and what it had asked for
// has happened when it returns: going back is not overtaken.
func TestStepThatWasGivenUpActsNoMore(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string // the change during which the step is given up
		want string // changes made
	}{
		"before the first change": {"detach", ""},
		"between":                 {"links true", "update, links true"},
		"in the last":             {"power on", "update, links true, power on"},
	} {
		t.Run(name, func(t *testing.T) {
			l, in := cutoverLand()
			ctx, giveUp := context.WithCancel(t.Context())
			l.target.slow = func(change context.Context, call string) error {
				if call != tc.in {
					return nil
				}
				giveUp()
				if call == "detach" {
					return nil // a slow server answers in the end
				}
				return change.Err() // a change that can be cancelled is, and may happen later
			}
			if err := (&activities{estate: l}).activate(ctx, in); (err == nil) != (tc.in == "power on") {
				t.Errorf("error %v", err)
			}
			if got := l.target.did(); got != tc.want {
				t.Errorf("changes %q, want %q", got, tc.want)
			}
		})
	}
}
