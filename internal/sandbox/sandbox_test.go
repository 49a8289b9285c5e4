package sandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// small keeps tests quick: little disks, silent guests.
func small(t *testing.T, opt sandbox.Options) sandbox.Options {
	t.Helper()
	opt.Dir = t.TempDir()
	if opt.Machines == nil {
		opt.Machines = sandbox.DefaultMachines(16<<20, 8<<20)
	}
	if opt.WriteRate == 0 {
		opt.WriteRate = -1
	}
	if opt.BootDelay == 0 {
		opt.BootDelay = 20 * time.Millisecond
	}
	opt.ShutdownDelay = 20 * time.Millisecond
	return opt
}

func start(t *testing.T, opt sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	sb, err := sandbox.Start(testContext(t), small(t, opt))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// httpClient trusts the sandbox's authority and nothing else.
func httpClient(t *testing.T, sb *sandbox.Sandbox) *http.Client {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(sb.Dir(), "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		t.Fatal("ca.pem holds no certificate")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

// login opens a verified SOAP session.
func login(t *testing.T, sb *sandbox.Sandbox, center, user string) *govmomi.Client {
	t.Helper()
	c, err := dial(t, sb, center, user, sb.Center(center).Password(user))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dial(t *testing.T, sb *sandbox.Sandbox, center, user, pass string) (*govmomi.Client, error) {
	t.Helper()
	ctx := testContext(t)
	u, err := url.Parse(sb.Center(center).Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	sc := soap.NewClient(u, false)
	if err := sc.SetRootCAs(filepath.Join(sb.Dir(), "ca.pem")); err != nil {
		t.Fatal(err)
	}
	vc, err := vim25.NewClient(ctx, sc)
	if err != nil {
		return nil, err
	}
	c := &govmomi.Client{Client: vc, SessionManager: session.NewManager(vc)}
	t.Cleanup(sc.CloseIdleConnections)
	return c, c.Login(ctx, url.UserPassword(user, pass))
}

func vmNamed(t *testing.T, c *govmomi.Client, name string) *object.VirtualMachine {
	t.Helper()
	ctx := testContext(t)
	f := find.NewFinder(c.Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := f.SetDatacenter(dc).VirtualMachine(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func properties(t *testing.T, vm *object.VirtualMachine, names ...string) mo.VirtualMachine {
	t.Helper()
	var p mo.VirtualMachine
	if err := vm.Properties(testContext(t), vm.Reference(), names, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func wait(t *testing.T, task *object.Task, err error) {
	t.Helper()
	if err == nil {
		err = task.Wait(testContext(t))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func TestStart(t *testing.T) {
	began := time.Now()
	sb := start(t, sandbox.Options{})
	t.Logf("start took %s", time.Since(began))

	c := login(t, sb, "brescia", sandbox.Migrator)
	p := properties(t, vmNamed(t, c, "protocollo"), "guest", "config", "summary", "runtime")
	if p.Guest.HostName != "protocollo" || p.Guest.IpAddress == "" || p.Guest.ToolsRunningStatus != "guestToolsRunning" {
		t.Errorf("guest of protocollo: %+v", p.Guest)
	}
	if p.Config.GuestId != "debian11_64Guest" || p.Config.Annotation == "" {
		t.Errorf("configuration of protocollo: guest id %q, notes %q", p.Config.GuestId, p.Config.Annotation)
	}
	uuids := map[string]string{}
	for _, center := range sb.Centers() {
		op := login(t, sb, center.Name(), sandbox.Operator)
		uuids[op.ServiceContent.About.InstanceUuid] = center.Name()
	}
	if len(uuids) != 5 {
		t.Errorf("instance UUIDs of the five centers: %v", uuids)
	}
}
