package migration_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// hosts are the fields that name the recording machine.
var hosts = regexp.MustCompile(`"(identity|name)":\s*"([^"/]*@[^"]*|[^"/]*(:[0-9a-f-]{36}))"`)

// record saves the history of a run for the replay test when PSN_RECORD names a
// folder, usually testdata.
func record(t *testing.T, l *lab, id psn.VMID, name string) {
	t.Helper()
	dir := os.Getenv("PSN_RECORD")
	if dir == "" {
		return
	}
	c, err := l.fleet.Engine(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var h historypb.History
	events := c.GetWorkflowHistory(l.ctx, migration.WorkflowID(id), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	b, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&h)
	if err != nil {
		t.Fatal(err)
	}
	b = hosts.ReplaceAll(b, []byte(`"$1": "recorded$3"`))
	if err := os.WriteFile(filepath.Join(dir, name+".json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
}
