package connect_test

import (
	"context"
	"errors"
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
	if inv.Sites[1].Code != psn.Unavailable {
		t.Errorf("code of a site that is down: %q", inv.Sites[1].Code)
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

func TestFindVMOverTheFleet(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sb, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Centers: []string{"acilia", "rozzano", "santo-stefano-ticino"}})
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
	const id = psn.VMID("p_bs/db-1")
	for site, role := range map[psn.Site]psn.Role{psn.Acilia: psn.RoleActive, psn.Rozzano: psn.RoleStandby} {
		s, err := fleet.Site(site, psn.VSphere)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
			t.Fatal(err)
		}
		labels := driver.Labels{Service: "p_bs/db", Classification: psn.Ordinary, Role: role}
		if role == psn.RoleStandby {
			labels.PrimarySite = psn.Acilia
		}
		if _, err := s.CreateVM(ctx, driver.VMSpec{ID: id, Cluster: string(site) + "-cl01", VCPUs: 1, MemoryMiB: 1024, Labels: labels}); err != nil {
			t.Fatal(err)
		}
	}
	where := func(id psn.VMID) ([]string, error) {
		found, err := fleet.FindVM(ctx, id)
		var at []string
		for _, l := range found {
			at = append(at, string(l.At.ID())+" "+string(l.VM.Role))
		}
		return at, err
	}
	want := []string{"acilia active", "rozzano standby"}
	if at, err := where(id); err != nil || !cmp.Equal(want, at) {
		t.Errorf("found at %q, %v", at, err)
	}
	if at, err := where("p_bs/none"); err != nil || at != nil {
		t.Errorf("found what does not exist at %q, %v", at, err)
	}
	// One site goes down: what the others have is still found.
	sb.Center("santo-stefano-ticino").Stop()
	for _, s := range []psn.Site{psn.Acilia, psn.Rozzano, psn.SantoStefanoTicino} {
		h, err := fleet.Site(s, psn.VSphere)
		if err != nil {
			t.Fatal(err)
		}
		h.Refresh()
	}
	at, err := where(id)
	var unseen *connect.UnseenError
	if !errors.As(err, &unseen) || len(unseen.Sites) != 1 || unseen.Sites[0].Site != psn.SantoStefanoTicino || !psn.Is(err, psn.Unavailable) || !cmp.Equal(want, at) {
		t.Errorf("found at %q, %v", at, err)
	}
}
