package migration_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

// Histories recorded from real runs must still be explained by the code: a
// replica may run for weeks, over many upgrades. A change that fails here needs
// workflow.GetVersion, not a new recording.
func TestRecordedHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 {
		t.Fatalf("found %d recorded histories in testdata, want 3 or more", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var h historypb.History
			if err := (temporalproto.CustomJSONUnmarshalOptions{}).Unmarshal(b, &h); err != nil {
				t.Fatal(err)
			}
			if err := replay(&h); err != nil {
				t.Error(err)
			}
			// The test proves nothing if a history that differs replays too.
			for _, e := range h.Events {
				if a := e.GetActivityTaskScheduledEventAttributes(); a.GetActivityType().GetName() == "Isolate" || a.GetActivityType().GetName() == "Shutdown" {
					a.ActivityType.Name = "Verify"
				}
			}
			if err := replay(&h); err == nil {
				t.Error("a history with other steps replays as well")
			}
		})
	}
}

func replay(h *historypb.History) error {
	r := worker.NewWorkflowReplayer()
	r.RegisterWorkflow(migration.Replica)
	return r.ReplayWorkflowHistory(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), h)
}
