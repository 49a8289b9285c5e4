package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// aside is a strategic machine whose standby stays in its region until a day.
func aside(expiry string) migration.Spec {
	s := hourly()
	s.Classification, s.Target.StandbySite = psn.Strategic, psn.Pomezia
	s.Derogations = []psn.Derogation{{
		ID: "DER-2026-031", Rule: "PLC-002", Subject: "p_bs/protocollo", Author: "Direzione sistemi",
		Date: "2026-10-01", Reason: "lavori a Rozzano", Expiry: expiry,
	}}
	return s
}

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d.Add(15 * time.Hour)
}

func TestDerogationsAreJudgedOnTheDay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit func(*migration.Spec)
		on   string
		want string
	}{
		"in force":        {func(*migration.Spec) {}, "2026-12-01", ""},
		"on its last day": {func(*migration.Spec) {}, "2026-12-31", ""},
		"the day after":   {func(*migration.Spec) {}, "2027-01-01", "DER-002: derogation DER-2026-031 from PLC-002 for p_bs/protocollo expired on 2026-12-31"},
		"before its day":  {func(*migration.Spec) {}, "2026-09-30", "DER-001: DER-2026-031: its date 2026-10-01 lies in the future"},
		"of the machine":  {func(s *migration.Spec) { s.Derogations[0].Subject = "p_bs/legacy-1" }, "2026-12-01", ""},
		"of another":      {func(s *migration.Spec) { s.Derogations[0].Subject = "p_bs/legacy-2" }, "2026-12-01", "PLC-002: "},
		"another rule":    {func(s *migration.Spec) { s.Derogations[0].Rule = "PLC-001" }, "2026-12-01", "PLC-002: "},
		"nobody's":        {func(s *migration.Spec) { s.Derogations[0].Author = "" }, "2026-12-01", "DER-001: DER-2026-031: author is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := aside("2026-12-31")
			tc.edit(&s)
			err := s.CheckAt(day(tc.on))
			if tc.want == "" && err != nil || tc.want != "" && (!psn.Is(err, psn.InvalidInput) || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	found := aside("2026-12-31").Findings(day("2026-12-01"), nil)
	if len(found) == 0 || found[0].Outcome != psn.Derogated || found[0].Derogation.ID != "DER-2026-031" {
		t.Errorf("what is set aside is not told: %+v", found)
	}
}

// A replica may run past the day its derogation expires, but is not cut over
// under it; the one renewed comes with the approval and is what the evidence holds.
func TestCutoverUnderADerogation(t *testing.T) {
	s := newStage(t)
	s.SetStartTime(day("2026-12-31"))
	spec := aside("2026-12-31")
	renewed := spec.Derogations[0]
	renewed.ID, renewed.Date, renewed.Expiry = "DER-2027-002", "2027-01-01", "2027-03-31"
	decide := func(after time.Duration, label, update string, a migration.Approval) {
		s.RegisterDelayedCallback(func() {
			s.UpdateWorkflow(update, label, &testsuite.TestUpdateCallback{
				OnAccept: func() {}, OnReject: func(err error) { s.answers[label] = err }, OnComplete: func(_ any, err error) { s.answers[label] = err },
			}, a)
		}, after)
	}
	expired := renewed
	expired.Expiry = "2027-01-01"
	decide(24*time.Hour, "expired", migration.UpdateApprove, migration.Approval{By: "Anna"})
	decide(48*time.Hour, "renewed too short", migration.UpdateApprove, migration.Approval{By: "Anna", Derogations: []psn.Derogation{expired}})
	decide(49*time.Hour, "renewed", migration.UpdateApprove, migration.Approval{By: "Anna", Derogations: []psn.Derogation{renewed}})
	decide(60*time.Hour, "finalize", migration.UpdateFinalize, migration.Approval{By: "Carla"})
	var during []psn.Derogation
	s.RegisterDelayedCallback(func() { during = s.status().Derogations }, time.Hour)
	s.ExecuteWorkflow(migration.Replica, spec, (*migration.Carried)(nil))
	if err := s.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	refused(t, "approve a day late", s.answers["expired"], "DER-002: derogation DER-2026-031 from PLC-002 for p_bs/protocollo expired on 2026-12-31, 1 days ago")
	refused(t, "approve a day late", s.answers["expired"], "approve with the derogation renewed")
	refused(t, "approve with one that expired too", s.answers["renewed too short"], "DER-2027-002")
	if s.answers["renewed"] != nil || s.answers["finalize"] != nil {
		t.Errorf("renewed: %v, finalize: %v", s.answers["renewed"], s.answers["finalize"])
	}
	var r migration.Report
	if err := s.GetWorkflowResult(&r); err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2][]psn.Derogation{
		"status while it ran": {spec.Derogations, during}, "status at the end": {{renewed}, s.status().Derogations}, "report": {{renewed}, r.Derogations},
	} {
		if d := cmp.Diff(pair[0], pair[1]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
