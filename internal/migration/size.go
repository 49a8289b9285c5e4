package migration

import "github.com/italia/terraform-provider-psn/internal/psn"

// checkSize refuses a source that is larger than what its place was decided
// for: its reserve would not be there when a site is lost. A zero is unknown.
func checkSize(s Spec, m Machine) error {
	has := psn.Resources{VCPUs: m.VCPUs, MemoryMiB: m.MemoryMiB, StorageMiB: m.storageMiB()}
	may := s.Resources
	for _, limit := range []struct{ may, has *int64 }{
		{&may.VCPUs, &has.VCPUs}, {&may.MemoryMiB, &has.MemoryMiB}, {&may.StorageMiB, &has.StorageMiB},
	} {
		if *limit.may == 0 {
			*limit.may = *limit.has
		}
	}
	if has.Fits(may) {
		return nil
	}
	return psn.Errorf(psn.InvalidInput, "source machine %q has %s, but the place of %q was decided for %s: enlarge its workload in psn_placement to the source's size, apply, and start the replica again", m.Name, amount(has), s.ID, amount(may))
}
