package connect_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func TestFleetOnTheSandbox(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sb, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Centers: []string{"acilia", "rozzano", sandbox.Source}})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	cfg, err := connect.Load(sb.ConfigFile(), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	fleet := connect.Open(cfg)
	defer fleet.Close(context.WithoutCancel(ctx))
	if d := cmp.Diff([]psn.Site{psn.Acilia, psn.Rozzano}, fleet.SiteNames()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"brescia"}, fleet.SourceNames()); d != "" {
		t.Error(d)
	}
	if n := len(sb.Center("acilia").Requests()); n != 0 {
		t.Errorf("opening the fleet made %d kinds of requests", n)
	}

	sb.Center("rozzano").Stop()
	inv := fleet.Inventory(ctx)
	if len(inv.Sites) != 2 || !inv.Sites[0].Reachable() || inv.Sites[1].Reachable() {
		t.Fatalf("one site up, one down: %+v", inv)
	}
	if e := inv.Sites[1].Error; !strings.Contains(e, "site rozzano (vsphere)") || !strings.Contains(e, sb.Center("rozzano").Endpoint()) {
		t.Errorf("error does not name site and endpoint: %s", e)
	}
	worker, err := fleet.WorkerAt(psn.Acilia)
	if err != nil {
		t.Fatal(err)
	}
	acilia, err := fleet.Site(psn.Acilia, psn.VSphere)
	if err != nil {
		t.Fatal(err)
	}
	w, err := acilia.Lookup(ctx, worker.VM)
	if err != nil || w.ID != "" || w.Power != psn.PoweredOn {
		t.Fatalf("worker: %+v, %v", w, err)
	}
	src, err := fleet.Source("brescia")
	if err != nil {
		t.Fatal(err)
	}
	m, err := src.Lookup(ctx, "protocollo")
	if err != nil {
		t.Fatal(err)
	}
	if m, err = src.DescribeVM(ctx, m.Ref); err != nil || len(m.Disks) != 2 {
		t.Fatalf("protocollo: %+v, %v", m, err)
	}
	d, err := src.Driver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, has := range map[string]bool{
		"Snapshotter": is[driver.Snapshotter](d), "ChangeTracker": is[driver.ChangeTracker](d), "DiskReader": is[driver.DiskReader](d),
	} {
		if !has {
			t.Errorf("source has no %s", name)
		}
	}
	if _, err := fleet.Site(psn.Pomezia, psn.VSphere); !psn.Is(err, psn.NotFound) {
		t.Errorf("unconfigured site: %v", err)
	}
	if _, err := fleet.WorkerAt(psn.Pomezia); !psn.Is(err, psn.NotFound) {
		t.Errorf("unconfigured worker: %v", err)
	}
}

func is[T any](v any) bool { _, ok := v.(T); return ok }
