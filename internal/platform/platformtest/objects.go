package platformtest

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"testing"

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
	{"NetworkMadeAtOnce", []driver.Notion{driver.NotionSubnet}, testNetworkAtOnce},
	{"NetworkIsCheckedFirst", []driver.Notion{driver.NotionSubnet}, testNetworkChecks},
	{"NetworkOfIPv6", []driver.Notion{driver.NotionSubnet}, testNetworkIPv6},
	{"NetworkWithUplink", []driver.Notion{driver.NotionSubnet}, testNetworkUplink},
	{"NetworkAnswersLost", []driver.Notion{driver.NotionSubnet}, testNetworkLost},
	{"NetworkCutShort", []driver.Notion{driver.NotionSubnet}, testNetworkCutShort},
	{"NetworkInUse", []driver.Notion{driver.NotionSubnet}, testNetworkInUse},
	{"NetworkUnknownAtFirst", []driver.Notion{driver.NotionSubnet}, testNetworkUnknown},
	{"SecurityGroupLifecycle", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroup},
	{"SecurityGroupMadeAtOnce", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupAtOnce},
	{"SecurityGroupChanges", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupChanges},
	{"SecurityGroupAnswersLost", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupLost},
	{"SecurityGroupInUse", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupInUse},
	{"SecurityGroupUnknownAtFirst", []driver.Notion{driver.NotionSecurityGroup}, testSecurityGroupUnknown},
	{"VolumeLifecycle", []driver.Notion{driver.NotionVolume}, testVolume},
	{"VolumeMadeAtOnce", []driver.Notion{driver.NotionVolume}, testVolumeAtOnce},
	{"VolumeIsCheckedFirst", []driver.Notion{driver.NotionVolume}, testVolumeChecks},
	{"VolumeThatCannotBe", []driver.Notion{driver.NotionVolume}, testVolumeFails},
	{"VolumeAnswersLost", []driver.Notion{driver.NotionVolume}, testVolumeLost},
	{"VolumeAtMachine", []driver.Notion{driver.NotionVolume}, testVolumeAttach},
	{"VolumeOfImage", []driver.Notion{driver.NotionVolume, driver.NotionImageUpload}, testVolumeOfImage},
	{"VolumeUnknownAtFirst", []driver.Notion{driver.NotionVolume}, testVolumeUnknown},
	{"ImageLifecycle", []driver.Notion{driver.NotionImageUpload}, testImage},
	{"ImageThatIsNot", []driver.Notion{driver.NotionImageUpload}, testImageFails},
	{"ImageCutOff", []driver.Notion{driver.NotionImageUpload, driver.NotionVolume}, testImageCutOff},
	{"ImageMadeAtOnce", []driver.Notion{driver.NotionImageUpload}, testImageAtOnce},
	{"ImageAnswersLost", []driver.Notion{driver.NotionImageUpload}, testImageLost},
	{"ImageUnknownAtFirst", []driver.Notion{driver.NotionImageUpload}, testImageUnknown},
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

// atOnce makes the same object in two processes at the same time: one has made it,
// and the other has it as well or is told that it stands. It returns what it is.
func atOnce(t *testing.T, h *Harness, create func(driver.Site) (string, error)) string {
	t.Helper()
	var refs [2]string
	var errs [2]error
	var both sync.WaitGroup
	for n := range refs {
		s := h.open(t)
		both.Go(func() { refs[n], errs[n] = create(s) })
	}
	both.Wait()
	ref := refs[0]
	for n, err := range errs {
		switch {
		case err == nil && ref == "":
			ref = refs[n]
		case err == nil && refs[n] == ref, psn.Is(err, psn.AlreadyExists) && errs[1-n] == nil:
		default:
			t.Errorf("made by %q: %v", refs, err)
		}
	}
	t.Logf("made by %q: %v", refs, errs)
	return ref
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
