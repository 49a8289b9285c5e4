package psn

// Resources is an amount of compute. Units are part of the field names; all
// arithmetic is on integers so that results do not depend on the machine.
type Resources struct {
	VCPUs      int64 `json:"vcpus"`
	MemoryMiB  int64 `json:"memory_mib"`
	StorageMiB int64 `json:"storage_mib"`
}

// Add returns r + o.
func (r Resources) Add(o Resources) Resources {
	return Resources{r.VCPUs + o.VCPUs, r.MemoryMiB + o.MemoryMiB, r.StorageMiB + o.StorageMiB}
}

// Sub returns r - o; fields may become negative.
func (r Resources) Sub(o Resources) Resources {
	return Resources{r.VCPUs - o.VCPUs, r.MemoryMiB - o.MemoryMiB, r.StorageMiB - o.StorageMiB}
}

// Times returns r multiplied by n.
func (r Resources) Times(n int64) Resources {
	return Resources{r.VCPUs * n, r.MemoryMiB * n, r.StorageMiB * n}
}

// Max returns the larger of each field.
func (r Resources) Max(o Resources) Resources {
	return Resources{max(r.VCPUs, o.VCPUs), max(r.MemoryMiB, o.MemoryMiB), max(r.StorageMiB, o.StorageMiB)}
}

// Fits reports whether r is within limit in every field.
func (r Resources) Fits(limit Resources) bool {
	return r.VCPUs <= limit.VCPUs && r.MemoryMiB <= limit.MemoryMiB && r.StorageMiB <= limit.StorageMiB
}

// IsZero reports whether every field is zero.
func (r Resources) IsZero() bool { return r == Resources{} }
