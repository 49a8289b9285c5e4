package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// script answers with its elements in turn; the last one stays.
type script []func() (migration.Status, error)

func (s *script) Status(context.Context, psn.VMID) (migration.Status, error) {
	next := (*s)[0]
	if len(*s) > 1 {
		*s = (*s)[1:]
	}
	return next()
}

func phase(p migration.Phase) func() (migration.Status, error) {
	return func() (migration.Status, error) { return migration.Status{ID: "p_bs/a-1", Phase: p}, nil }
}

func failing(code psn.Code) func() (migration.Status, error) {
	return func() (migration.Status, error) { return migration.Status{}, psn.Errorf(code, "no answer") }
}

func TestFollow(t *testing.T) {
	t.Parallel()
	verified := func(s migration.Status) bool { return s.Phase == migration.PhaseVerified }
	for name, tc := range map[string]struct {
		script script
		phase  migration.Phase
		err    string
	}{
		"reached":            {script{phase(migration.PhaseSeeding), phase(migration.PhaseVerified)}, migration.PhaseVerified, ""},
		"ended elsewhere":    {script{phase(migration.PhaseSeeding), phase(migration.PhaseFailed)}, migration.PhaseFailed, ""},
		"outage is survived": {script{failing(psn.Unavailable), failing(psn.Unavailable), phase(migration.PhaseVerified)}, migration.PhaseVerified, ""},
		"outage is too long": {script{failing(psn.Unavailable)}, "", "no answer"},
		"unknown replica":    {script{failing(psn.NotFound)}, "", "no answer"},
		"time is up":         {script{phase(migration.PhaseSeeding)}, migration.PhaseSeeding, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				a := &app{Env: Env{Stderr: &bytes.Buffer{}, Now: time.Now}}
				got, err := a.follow(ctx, &tc.script, "p_bs/a-1", verified)
				if got.Phase != tc.phase {
					t.Errorf("phase %q, want %q", got.Phase, tc.phase)
				}
				if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
			})
		})
	}
}

func TestProgressOffTerminalPrintsSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&out, time.Now)
		for i := range 20 {
			p.show("seeding", fmt.Sprint(i))
			if i == 10 {
				p.show("cutover", "")
				p.show("seeding", "x")
			}
			time.Sleep(time.Second)
		}
		for range 20 {
			p.show("verified", "") // nothing new
			time.Sleep(time.Second)
		}
		p.done()
		// seconds 0, 5, 10; two changes of step at 10; then 15
		if want := "seeding  0\nseeding  5\nseeding  10\ncutover\nseeding  x\nseeding  15\nverified\n"; out.String() != want {
			t.Errorf("printed %q, want %q", out.String(), want)
		}
	})
}

func TestWaitTarget(t *testing.T) {
	t.Parallel()
	seedHalf := migration.Status{Phase: migration.PhaseSeeding, Disks: []migration.DiskStatus{{DoneBytes: 50, TotalBytes: 100}, {TotalBytes: 100}}}
	twoDeltas := migration.Status{Phase: migration.PhaseReplicating, Deltas: 2, Cycles: []migration.Cycle{{Number: 0}, {Number: 1}, {Number: 2}}}
	for _, tc := range []struct {
		target target
		status migration.Status
		want   bool
	}{
		{target{percent: 25}, seedHalf, true},
		{target{percent: 26}, seedHalf, false},
		{target{percent: 1}, migration.Status{}, false},
		{target{percent: 99}, twoDeltas, true},
		{target{deltas: 2}, twoDeltas, true},
		{target{deltas: 3}, twoDeltas, false},
		{target{phase: "seeding"}, twoDeltas, true},
		{target{phase: "verified"}, twoDeltas, false},
		{target{phase: "failed"}, twoDeltas, false},
		{target{phase: "verified"}, migration.Status{Phase: migration.PhaseFailed}, false},
		{target{phase: "rolled back"}, migration.Status{Phase: migration.PhaseRolledBack}, true},
	} {
		if got := tc.target.reached(tc.status); got != tc.want {
			t.Errorf("%v at %q: %v, want %v", tc.target, tc.status.Phase, got, tc.want)
		}
	}
}
