package platformtest

import (
	"slices"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// Ability is something that a backend, or the endpoint it is tested on, may
// lack. Cases that need one run where it is not said to be lacking; and who says
// that a backend lacks one is held to that.
type Ability string

// The abilities.
const (
	Freezing  Ability = "freezes machines and tells what changed" // driver.Snapshotter, ChangeTracker, DiskReader
	Attaching Ability = "attaches disks to a worker"              // driver.DiskAttacher, and Harness.Worker
	// ReadingAll is an account at the endpoint that may read everything and
	// change nothing.
	ReadingAll Ability = "accounts that only read"
)

var cases = []struct {
	name  string
	needs Ability
	test  func(*testing.T, *Harness)
}{
	{"Inventory", "", testInventory},
	{"StandbyIsAReserve", "", testStandby},
	{"TenantLifecycle", "", testTenant},
	{"TenantConcurrently", "", testTenantConcurrently},
	{"MachineLifecycle", "", testMachine},
	{"MachineIsCheckedFirst", "", testMachineChecks},
	{"CreateTwiceMakesOne", "", testCreateTwice},
	{"CreateAnswerLost", "", testLostAnswer},
	{"UnknownAtFirst", "", testUnknownAtFirst},
	{"CreateManyAtOnce", "", testParallelCreates},
	{"MadeAtOnce", "", testMadeAtOnce},
	{"FindOne", "", testFindOne},
	{"NameTakenByOthers", "", testNameTaken},
	{"SameIDOtherRole", "", testOtherRole},
	{"DeletedOutside", "", testDeletedOutside},
	{"LinksAndGuest", "", testLinks},
	{"OverloadPasses", "", testOverload},
	{"PartGone", "", testPartGone},
	{"SessionExpiresAnywhere", "", testSessionExpires},
	{"WrongPassword", "", testWrongPassword},
	{"WrongPin", "", testWrongPin},
	{"Unreachable", "", testUnreachable},
	{"ReadOnlyAccount", ReadingAll, testReadOnly},
	{"SnapshotsAndChanges", Freezing, testSnapshots},
	{"StaleChangeID", Freezing, testStale},
	{"DiskReadSurvivesExpiry", Freezing, testReadExpiry},
	{"AttachAndDetach", Attaching, testAttach},
}

// Run runs the whole suite, each test on a harness of its own, but for the cases
// that need an ability the backend is said to lack.
func Run(t *testing.T, newHarness func(testing.TB) *Harness, lacks ...Ability) {
	for _, c := range cases {
		if slices.Contains(lacks, c.needs) {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.test(t, newHarness(t).fill()) })
	}
	if len(lacks) > 0 {
		t.Run("LacksWhatItSays", func(t *testing.T) { testLacks(t, newHarness(t).fill(), lacks) })
	}
}

// testLacks: a backend that has an ability cannot have its cases left out.
func testLacks(t *testing.T, h *Harness, lacks []Ability) {
	s := h.open(t)
	has := map[Ability]bool{
		Freezing:  is[driver.Snapshotter](s) || is[driver.ChangeTracker](s) || is[driver.DiskReader](s),
		Attaching: is[driver.DiskAttacher](s) && h.Worker != "",
	}
	for _, a := range lacks {
		if has[a] {
			t.Errorf("the backend is said to lack an ability that it has: %s", a)
		}
	}
}
