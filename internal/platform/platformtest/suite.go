package platformtest

import "testing"

// Run runs the whole suite, each test on a harness of its own.
func Run(t *testing.T, newHarness func(testing.TB) *Harness) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *Harness)
	}{
		{"Inventory", testInventory},
		{"StandbyIsAReserve", testStandby},
		{"TenantLifecycle", testTenant},
		{"TenantConcurrently", testTenantConcurrently},
		{"MachineLifecycle", testMachine},
		{"MachineIsCheckedFirst", testMachineChecks},
		{"CreateTwiceMakesOne", testCreateTwice},
		{"CreateAnswerLost", testLostAnswer},
		{"CreateManyAtOnce", testParallelCreates},
		{"NameTakenByOthers", testNameTaken},
		{"SameIDOtherRole", testOtherRole},
		{"DeletedOutside", testDeletedOutside},
		{"LinksAndGuest", testLinks},
		{"OverloadPasses", testOverload},
		{"SessionExpiresAnywhere", testSessionExpires},
		{"WrongPassword", testWrongPassword},
		{"WrongPin", testWrongPin},
		{"Unreachable", testUnreachable},
		{"ReadOnlyAccount", testReadOnly},
		{"SnapshotsAndChanges", testSnapshots},
		{"StaleChangeID", testStale},
		{"DiskReadSurvivesExpiry", testReadExpiry},
		{"AttachAndDetach", testAttach},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newHarness(t)) })
	}
}
