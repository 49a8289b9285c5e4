package vsphere_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func TestConformance(t *testing.T) { platformtest.Run(t, sandboxHarness) }

// Each cluster has storage of its own here, so that a volume shows its zone.
func TestObjects(t *testing.T) {
	platformtest.RunObjects(t, psn.VSphere, func(t testing.TB) *platformtest.Harness {
		sb, err := sandbox.Start(bounded(t), sandbox.Options{Dir: t.TempDir(), Centers: []string{"acilia"}, SplitStorage: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sb.Close() })
		h := harness(sb, sb.Center("acilia"))
		whole := h.Open
		h.Open = func(ctx context.Context, a platformtest.Access) (driver.Site, error) {
			a.Wrap = changesOnly(a.Wrap)
			return whole(ctx, a)
		}
		h.StorageClass, h.Hosts, h.TooLarge = "acilia-cl01-ds01", 4, 1<<58
		h.VolumeFile = func(ref string) string {
			return filepath.Join(sb.Dir(), "datastores", "acilia", h.StorageClass, "psn-volumes", ref+"-flat.vmdk")
		}
		return h
	})
}

// changesOnly shows to a wrap what changes something: in SOAP reads are POST too.
func changesOnly(wrap func(http.RoundTripper) http.RoundTripper) func(http.RoundTripper) http.RoundTripper {
	if wrap == nil {
		return nil
	}
	return func(next http.RoundTripper) http.RoundTripper { return &changes{next, wrap(next)} }
}

type changes struct{ all, wrapped http.RoundTripper }

var readsRe = regexp.MustCompile(`<Body[^>]*><(Retrieve|ContinueRetrieve|CreateContainerView|DestroyView|FindAll|Search|Query)`)

func (c *changes) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		return c.wrapped.RoundTrip(req)
	}
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_ = req.Body.Close()
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(bytes.NewReader(b))
	if readsRe.Match(b) {
		return c.all.RoundTrip(again)
	}
	return c.wrapped.RoundTrip(again)
}

const wrongPin = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

func start(t testing.TB, center string) (*sandbox.Sandbox, *sandbox.Center) {
	t.Helper()
	sb, err := sandbox.Start(bounded(t), sandbox.Options{Dir: t.TempDir(), Centers: []string{center}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Close() })
	return sb, sb.Center(center)
}

// sandboxHarness is a PSN site on the simulator.
func sandboxHarness(t testing.TB) *platformtest.Harness {
	sb, c := start(t, "acilia")
	return harness(sb, c)
}

func harness(sb *sandbox.Sandbox, c *sandbox.Center) *platformtest.Harness {
	admin, rest := &admin{c: c}, &restInterface{}
	return &platformtest.Harness{
		Open: func(ctx context.Context, a platformtest.Access) (driver.Site, error) {
			cfg := sandboxConfig(sb, c, sandbox.Operator)
			if a.ReadOnly {
				cfg = sandboxConfig(sb, c, sandbox.Auditor)
			}
			if a.WrongPassword {
				cfg.Password = func() (string, error) { return "wrong", nil }
			}
			if a.WrongPin {
				cfg.CAFile, cfg.PinSHA256 = "", wrongPin
			}
			cfg.Wrap = rest.under(a.Wrap)
			s, err := vsphere.Open(ctx, cfg)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		Endpoint:       c.Endpoint(),
		User:           sandbox.Operator,
		Cluster:        "acilia-cl01",
		Network:        c.Network(),
		Worker:         c.Worker(),
		CreateCall:     "CreateVM_Task",
		Throttle:       func(n int, after time.Duration) { c.FailNext(n, 503, after) },
		ExpireSessions: c.ExpireSessions,
		Stop:           c.Stop,
		Resume:         c.Resume,
		Foreign:        admin.foreign,
		Destroy:        admin.destroy,
		Device:         func(id string) string { return filepath.Join(c.Devices(), "wwn-0x"+id) },
		DiskFile:       c.DiskFile,
		Machine:        sourceMachine,
		Forgets:        platformtest.Forgetting{Made: madeBy, Unknown: untaggable},
		Parts: []platformtest.Part{{
			Name: "tagging", Cut: func() { rest.gone.Store(true) }, Restore: func() { rest.gone.Store(false) },
			Without: func(ctx context.Context, s driver.Site) error {
				_, err := s.(driver.Networks).Networks(ctx)
				return err
			},
		}},
	}
}

// sourceMachine is a machine of the on-premises vCenter, reached with the
// account that may only migrate.
func sourceMachine(t testing.TB) *platformtest.Machine {
	sb, src := start(t, sandbox.Source)
	return &platformtest.Machine{
		Open: func(ctx context.Context) (driver.Site, error) {
			return vsphere.Open(ctx, sandboxConfig(sb, src, sandbox.Migrator))
		},
		Name:           "web",
		Write:          func(p []byte, off int64) error { return src.Guest("web").WriteAt(0, p, off) },
		Quiet:          func() { src.Guest("web").SetWriting(false) },
		File:           func() string { return src.DiskFile("web", 0) },
		ResetTracking:  func() { src.ResetChangeTracking("web") },
		ExpireSessions: src.ExpireSessions,
	}
}

func sandboxConfig(sb *sandbox.Sandbox, c *sandbox.Center, user string) vsphere.Config {
	site := psn.Site(c.Name())
	if !site.Valid() {
		site = ""
	}
	return vsphere.Config{
		Site: site, Endpoint: c.Endpoint(), Username: user,
		Password:     func() (string, error) { return c.Password(user), nil },
		CAFile:       filepath.Join(sb.Dir(), "ca.pem"),
		HostFailures: -1,
	}
}

// admin acts on the vCenter behind the driver's back, with a client of its own.
type admin struct{ c *sandbox.Center }

func (a *admin) client(t testing.TB) *govmomi.Client {
	t.Helper()
	u, err := url.Parse(a.c.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(sandbox.Operator, a.c.Password(sandbox.Operator))
	cl, err := govmomi.NewClient(bounded(t), u, true) // the test's own sandbox on loopback
	if err != nil {
		t.Fatal(err)
	}
	return cl
}

func (a *admin) foreign(t testing.TB, tenant psn.TenantID, name string) {
	t.Helper()
	ctx, cl := bounded(t), a.client(t)
	f := find.NewFinder(cl.Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.SetDatacenter(dc)
	folder, err := f.Folder(ctx, "vm/psn/"+string(tenant))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := f.ResourcePool(ctx, "acilia-cl01/Resources")
	if err != nil {
		t.Fatal(err)
	}
	task, err := folder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: name, GuestId: "otherGuest64", NumCPUs: 1, MemoryMB: 512,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[acilia-cl01-ds01]"},
	}, pool, nil)
	if err == nil {
		err = task.Wait(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (a *admin) destroy(t testing.TB, ref string) {
	t.Helper()
	ctx, cl := bounded(t), a.client(t)
	task, err := object.NewVirtualMachine(cl.Client, types.ManagedObjectReference{Type: "VirtualMachine", Value: ref}).Destroy(ctx)
	if err == nil {
		err = task.Wait(ctx)
	}
	if err != nil && !soap.IsSoapFault(err) {
		t.Fatal(err)
	}
	if err != nil && !strings.Contains(err.Error(), "not found") {
		t.Fatal(err)
	}
}
