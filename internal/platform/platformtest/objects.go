package platformtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// RunObjects runs the cases of what a tenant has at a site besides machines:
// those for which the platform has all the notions, as driver.Notion says.
func RunObjects(t *testing.T, p psn.Platform, newHarness func(testing.TB) *Harness) {
	t.Run("Notions", func(t *testing.T) { testNotions(t, p, newHarness(t).fill()) })
	for _, c := range objectCases {
		if !hasAll(p, c.needs) {
			continue // not a test left out: the platform has no such thing, and says so
		}
		t.Run(c.name, func(t *testing.T) { c.test(t, newHarness(t).fill()) })
	}
}

var objectCases = []struct {
	name  string
	needs []driver.Notion
	test  func(*testing.T, *Harness)
}{
	{"NetworkLifecycle", []driver.Notion{driver.NotionSubnet}, testNetwork},
	{"NetworkIsCheckedFirst", []driver.Notion{driver.NotionSubnet}, testNetworkChecks},
	{"NetworkOfIPv6", []driver.Notion{driver.NotionSubnet}, testNetworkIPv6},
	{"NetworkWithUplink", []driver.Notion{driver.NotionSubnet}, testNetworkUplink},
	{"NetworkAnswersLost", []driver.Notion{driver.NotionSubnet}, testNetworkLost},
	{"NetworkCutShort", []driver.Notion{driver.NotionSubnet}, testNetworkCutShort},
	{"NetworkInUse", []driver.Notion{driver.NotionSubnet}, testNetworkInUse},
	{"SecurityGroupLifecycle", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroup},
	{"SecurityGroupChanges", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupChanges},
	{"SecurityGroupAnswersLost", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupLost},
	{"SecurityGroupInUse", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupInUse},
	{"VolumeLifecycle", []driver.Notion{driver.NotionVolume}, testVolume},
	{"VolumeIsCheckedFirst", []driver.Notion{driver.NotionVolume}, testVolumeChecks},
	{"VolumeThatCannotBe", []driver.Notion{driver.NotionVolume}, testVolumeFails},
	{"VolumeAnswersLost", []driver.Notion{driver.NotionVolume}, testVolumeLost},
	{"VolumeAtMachine", []driver.Notion{driver.NotionVolume}, testVolumeAttach},
	{"VolumeOfImage", []driver.Notion{driver.NotionVolume, driver.NotionImageUpload}, testVolumeOfImage},
	{"ImageLifecycle", []driver.Notion{driver.NotionImageUpload}, testImage},
	{"ImageThatIsNot", []driver.Notion{driver.NotionImageUpload}, testImageFails},
	{"ImageAnswersLost", []driver.Notion{driver.NotionImageUpload}, testImageLost},
	{"ImageOfAll", []driver.Notion{driver.NotionImageUpload}, testImagePublic},
	{"Flavors", []driver.Notion{driver.NotionFlavor}, testFlavors},
	{"StorageClasses", []driver.Notion{driver.NotionVolume}, testStorageClasses},
	{"ConsoleLog", []driver.Notion{driver.NotionConsoleLog}, testConsole},
	{"Quota", []driver.Notion{driver.NotionQuota}, testQuota},
	{"Group", []driver.Notion{driver.NotionServerGroup}, testGroup},
	{"MachineGrows", nil, testMachineGrows},
	{"MachineIsRenamed", nil, testMachineRenamed},
	{"MachineChangesGroups", []driver.Notion{driver.NotionSecurityGroup}, testMachineSecurityGroups},
	{"MachineHasFixedAddress", []driver.Notion{driver.NotionFixedIP, driver.NotionSubnet}, testFixedAddress},
}

func hasAll(p psn.Platform, needs []driver.Notion) bool {
	for _, n := range needs {
		if n.On(p) != nil {
			return false
		}
	}
	return true
}

// testNotions: what the table says a platform has is what its backend does, no
// more and no less. Notions that are fields of a specification are held against
// the backend by the cases that use them.
func testNotions(t *testing.T, p psn.Platform, h *Harness) {
	s := h.open(t)
	for n, does := range map[driver.Notion]bool{
		driver.NotionSecurityGroup: is[driver.SecurityGroups](s),
		driver.NotionVolume:        is[driver.Volumes](s),
		driver.NotionImage:         is[driver.Images](s),
		driver.NotionImageUpload:   is[driver.ImageUpload](s),
		driver.NotionConsoleLog:    is[driver.Console](s),
		driver.NotionFlavor:        is[driver.Flavors](s),
		driver.NotionCredential:    is[driver.Credentials](s),
		driver.NotionQuota:         is[driver.Quotas](s),
	} {
		if err := n.On(p); (err == nil) != does {
			t.Errorf("the backend of %s has %q: %v; driver.Notion says %v", p, n, does, err)
		}
	}
	if !is[driver.Networks](s) || !is[driver.StorageClasses](s) {
		t.Error("every platform has networks and storage classes")
	}
}

func is[T any](s driver.Site) bool {
	_, ok := s.(T)
	return ok
}

// as returns the backend with a capability that it must have.
func as[T any](t testing.TB, s driver.Site) T {
	t.Helper()
	v, ok := s.(T)
	if !ok {
		t.Fatalf("backend is no %T", *new(T))
	}
	return v
}

// ownTenant makes a tenant that no other test knows. At its end everything it
// has is removed, also what a failed test left.
func (h *Harness) ownTenant(t testing.TB, s driver.Site) psn.TenantID {
	t.Helper()
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	id := psn.TenantID("c_t" + hex.EncodeToString(b[:]))
	if err := s.EnsureTenant(within(t), driver.Tenant{ID: id, Name: "Comune di prova"}); err != nil {
		t.Fatalf("ensure tenant: %v", err)
	}
	t.Cleanup(func() { h.sweep(t, id) })
	return id
}

// sweep removes all that the tenant has, over a connection of its own: that of
// the test may be broken on purpose.
func (h *Harness) sweep(t testing.TB, id psn.TenantID) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	s, err := h.Open(ctx, Access{})
	if err != nil {
		t.Errorf("clean up: %v", err)
		return
	}
	defer s.Close(ctx)
	note := func(err error) {
		if err != nil {
			t.Errorf("clean up: %v", err)
		}
	}
	inv, err := s.Inventory(ctx)
	note(err)
	if err == nil {
		for _, vm := range inv.VMs {
			if vm.ID.Tenant() == id {
				note(s.DeleteVM(ctx, vm.Ref))
			}
		}
	}
	if o, ok := s.(driver.Volumes); ok {
		all, err := o.Volumes(ctx)
		note(err)
		for _, v := range all {
			if v.Tenant == id {
				note(o.DeleteVolume(ctx, v.Ref))
			}
		}
	}
	if o, ok := s.(driver.ImageUpload); ok {
		all, err := as[driver.Images](t, s).Images(ctx)
		note(err)
		for _, v := range all {
			if v.Tenant == id {
				note(o.DeleteImage(ctx, v.Ref))
			}
		}
	}
	if o, ok := s.(driver.Networks); ok {
		all, err := o.Networks(ctx)
		note(err)
		for _, v := range all {
			if v.Tenant == id {
				note(o.DeleteNetwork(ctx, v.Ref))
			}
		}
	}
	if o, ok := s.(driver.SecurityGroups); ok {
		all, err := o.SecurityGroups(ctx)
		note(err)
		for _, v := range all {
			if v.Tenant == id && v.Name != "default" {
				note(o.DeleteSecurityGroup(ctx, v.Ref))
			}
		}
	}
	note(s.DeleteTenant(ctx, id))
}

// machine is a small machine of a tenant.
func (h *Harness) machine(t testing.TB, s driver.Site, id psn.TenantID, name string, change func(*driver.VMSpec)) string {
	t.Helper()
	spec := h.spec(name)
	spec.ID = psn.VMID(string(id) + "/" + name)
	spec.Labels.Service = psn.ServiceID(string(id) + "/protocollo")
	if change != nil {
		change(&spec)
	}
	ref, err := s.CreateVM(within(t), spec)
	if err != nil {
		t.Fatalf("create %s: %v", spec.ID, err)
	}
	return ref
}

// cutter is put around a backend's transport and breaks one of the requests
// that change something.
type cutter struct {
	mu      sync.Mutex
	writes  int
	at      int  // the one to break, from 1; 0 for none
	unsent  bool // it never arrives, and none after it, instead of losing its answer
	methods []string
}

func (c *cutter) Wrap(next http.RoundTripper) http.RoundTripper { return &cut{c, next} }

// arm counts from now and breaks the n-th.
func (c *cutter) arm(n int, unsent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes, c.at, c.unsent, c.methods = 0, n, unsent, nil
}

// count is the number of changing requests since arm.
func (c *cutter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// sent are the methods of the changing requests since arm.
func (c *cutter) sent() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.methods
}

type cut struct {
	c    *cutter
	next http.RoundTripper
}

var errCut = errors.New("connection cut before the request was sent")

// RoundTrip implements http.RoundTripper.
func (t *cut) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return t.next.RoundTrip(req)
	}
	c := t.c
	c.mu.Lock()
	c.writes++
	c.methods = append(c.methods, req.Method)
	lose := c.at == c.writes && !c.unsent
	drop := c.unsent && c.at > 0 && c.writes >= c.at
	c.mu.Unlock()
	if drop {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, errCut
	}
	res, err := t.next.RoundTrip(req)
	if err == nil && lose {
		_ = res.Body.Close()
		return nil, errLost
	}
	return res, err
}

// eachLost does and undoes something, counting the requests that change
// anything, and then again with the answer of each in turn lost: what fails
// must be well when it is done once more.
func eachLost(t *testing.T, c *cutter, do func(name string) (ref string, err error), undo func(ref string)) {
	t.Helper()
	c.arm(0, false)
	ref, err := do("count")
	if err != nil {
		t.Fatal(err)
	}
	writes := c.count()
	undo(ref)
	if writes == 0 {
		t.Fatal("nothing was changed over this connection")
	}
	for n := 1; n <= writes; n++ {
		c.arm(n, false)
		ref, err := do("lost")
		if err != nil {
			if !psn.Is(err, psn.Unavailable) {
				t.Errorf("answer %d of %d lost: %v (code %s), want code %s", n, writes, err, psn.CodeOf(err), psn.Unavailable)
			}
			if ref, err = do("lost"); err != nil {
				t.Fatalf("answer %d of %d lost, done again: %v", n, writes, err)
			}
		}
		undo(ref)
	}
}
