package audit

import "github.com/italia/terraform-provider-psn/internal/psn"

// maxSum is where sums stop: above every limit they are held against, and far
// enough below 64 bits that no number of machines in a file makes one wrap
// around to little.
const maxSum = 1 << 60

// plus adds two amounts or sums.
func plus(a, b int64) int64 { return min(a+b, maxSum) }

// sum adds resources field by field.
func sum(a, b psn.Resources) psn.Resources {
	return psn.Resources{VCPUs: plus(a.VCPUs, b.VCPUs), MemoryMiB: plus(a.MemoryMiB, b.MemoryMiB), StorageMiB: plus(a.StorageMiB, b.StorageMiB)}
}
