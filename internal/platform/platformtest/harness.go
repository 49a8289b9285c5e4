package platformtest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Harness is one backend on one fresh endpoint, with the means to break it.
type Harness struct {
	// Open connects as a.
	Open func(ctx context.Context, a Access) (driver.Site, error)
	// Endpoint and User must show in errors of trust and login.
	Endpoint, User string

	// Tenant is the one that the tests make; empty means p_bs. Where the endpoint
	// is shared it is a fresh one for each test, of which the harness leaves
	// nothing behind.
	Tenant psn.TenantID
	// DiskUnit is the smallest disk of the platform in bytes; 0 means 16 MiB.
	DiskUnit int64
	// Slow says that a lifecycle takes seconds: a fault that is to meet each of its
	// requests then meets many in one lifecycle, and not one in each of many.
	Slow bool

	Cluster string // of the endpoint, with room for a hundred small machines
	Network string // of that cluster
	Worker  string // name of a running machine that takes disks; empty when there is none

	// What the cases of objects need (RunObjects).
	Uplink       string // external network that tenants' networks are routed to
	StorageClass string // that volumes of Cluster can have
	Hosts        int    // of Cluster
	TooLarge     int64  // bytes that no volume can have
	// FixedAttached says that the endpoint's storage cannot grow a volume that a
	// machine has: it is taken off for that.
	FixedAttached bool
	VolumeFile    func(ref string) string // a file with the bytes of a volume
	ImageFile     func(ref string) string // a file with the bytes of an image, as uploaded
	// PrivateFlavor makes a size that only the tenant may use and returns its name.
	PrivateFlavor func(t testing.TB, tenant psn.TenantID) string

	// CreateCall is a text that stands in the body of the request that makes a
	// machine, and in no other.
	CreateCall string
	// Throttle answers the next n requests with 503 and Retry-After.
	Throttle func(n int, retryAfter time.Duration)
	// Overload is how many refused requests outlast the patience of an
	// inventory; 0 means 8. Relieve, when not nil, forgets those that are left.
	Overload int
	Relieve  func()
	// ExpireSessions ends every session at the endpoint.
	ExpireSessions func()
	// Forgets is how the endpoint does not know what was just made. RunObjects
	// runs without, where all objects are of one service.
	Forgets Forgetting
	// Parts are the services of the endpoint that can be gone while others answer.
	Parts []Part
	// Stop makes the endpoint unreachable, Resume reachable again.
	Stop   func()
	Resume func() error
	// Foreign makes, behind the backend's back, a machine of that name where
	// the tenant's machines live, without our marks.
	Foreign func(t testing.TB, tenant psn.TenantID, name string)
	// Destroy deletes a machine behind the backend's back.
	Destroy func(t testing.TB, ref string)

	// Machine starts a machine with data on its disks, at an endpoint of its own.
	Machine func(t testing.TB) *Machine
	// Device is the path under which the worker sees a disk.
	Device func(id string) string
	// DiskFile is a file that holds the bytes of the n-th disk of a machine.
	DiskFile func(vm string, n int) string
}

// Access says how to connect.
type Access struct {
	ReadOnly      bool // with an account that may only read
	WrongPassword bool
	WrongPin      bool // with the certificate pinned to another fingerprint
	// Wrap goes around the transport of every request.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Machine is a running machine to freeze and read.
type Machine struct {
	Open func(ctx context.Context) (driver.Site, error)
	Name string
	Disk int // index of the disk to look at
	// Write writes to the disk as the guest would.
	Write func(p []byte, off int64) error
	// Quiet stops the guest's own writing.
	Quiet func()
	// File is a file that holds the disk's frozen bytes while a snapshot is open.
	File func() string
	// ResetTracking makes all change ids stale.
	ResetTracking func()
	// ExpireSessions ends every session at the endpoint.
	ExpireSessions func()
}

// within bounds every test of the suite: a broken endpoint may hang.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// open connects with the default account.
func (h *Harness) open(t testing.TB) driver.Site { return h.openAs(t, Access{}) }

func (h *Harness) openAs(t testing.TB, a Access) driver.Site {
	t.Helper()
	s, err := h.Open(within(t), a)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Close(ctx) // the endpoint may be gone by now
	})
	return s
}

const defaultTenant psn.TenantID = "p_bs"

// fill puts the defaults in.
func (h *Harness) fill() *Harness {
	if h.Tenant == "" {
		h.Tenant = defaultTenant
	}
	if h.DiskUnit == 0 {
		h.DiskUnit = 16 << 20
	}
	if h.Overload == 0 {
		h.Overload = 8
	}
	return h
}

// spec is a small machine of the tenant.
func (h *Harness) spec(name string) driver.VMSpec {
	return driver.VMSpec{
		ID:        psn.VMID(string(h.fill().Tenant) + "/" + name),
		Labels:    driver.Labels{Service: psn.ServiceID(string(h.Tenant) + "/protocollo"), Classification: psn.Critical, Role: psn.RoleActive},
		Cluster:   h.Cluster,
		VCPUs:     1,
		MemoryMiB: 512,
		Disks:     []driver.DiskSpec{{CapacityBytes: h.DiskUnit}},
		NICs:      []driver.NICSpec{{Network: h.Network}},
	}
}

// tenant makes the tenant, without limits.
func (h *Harness) tenant(t testing.TB, s driver.Site) {
	t.Helper()
	if err := s.EnsureTenant(within(t), driver.Tenant{ID: h.fill().Tenant, Name: "Provincia di Brescia", Quota: &driver.Quota{}}); err != nil {
		t.Fatalf("ensure tenant: %v", err)
	}
}

func (h *Harness) create(t testing.TB, s driver.Site, name string) string {
	t.Helper()
	ref, err := s.CreateVM(within(t), h.spec(name))
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	return ref
}

// named returns the machines of that name in the inventory, but those of other
// tenants of ours.
func (h *Harness) named(t testing.TB, s driver.Site, name string) []psn.VM {
	t.Helper()
	inv, err := s.Inventory(within(t))
	if err != nil {
		t.Fatalf("inventory: %v", err)
	}
	var out []psn.VM
	for _, vm := range inv.VMs {
		if vm.Name == name && (vm.ID == "" || vm.ID.Tenant() == h.Tenant) {
			out = append(out, vm)
		}
	}
	return out
}

// wantCode fails the test unless err has the code.
func wantCode(t testing.TB, err error, code psn.Code) {
	t.Helper()
	if !psn.Is(err, code) {
		t.Errorf("err = %v (code %s), want code %s", err, psn.CodeOf(err), code)
	}
}
