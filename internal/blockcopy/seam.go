package blockcopy

import "context"

// Source is what a disk is read from.
type Source interface {
	// ReadAt fills p from offset off or returns an error; it never returns
	// fewer bytes without one. It may be called concurrently.
	ReadAt(ctx context.Context, p []byte, off int64) error
	// Size is the disk's size in bytes.
	Size() int64
}

// Target is what a disk is written to: a block device or a file. Nothing is
// assumed about what it holds before. Methods may be called concurrently, for
// ranges that do not overlap.
type Target interface {
	WriteAt(ctx context.Context, p []byte, off int64) error
	ReadAt(ctx context.Context, p []byte, off int64) error
	// Zero makes [off, off+n) read back as zeros.
	Zero(ctx context.Context, off, n int64) error
	// Flush returns when everything written before is on stable storage. After
	// a failed Flush nothing written since the last good one is trusted.
	Flush(ctx context.Context) error
	Size() int64
	Close() error
}

// StableReader is implemented by targets that can read what is on the device
// rather than what a cache holds. Read-back uses it where it exists.
type StableReader interface {
	ReadStable(ctx context.Context, p []byte, off int64) error
}

// ZeroProver is implemented by targets that can prove cheaply that a range
// reads as zeros, for example because it is a hole of a file. False means "not
// known", never "not zero".
type ZeroProver interface {
	ReadsZero(ctx context.Context, off, n int64) (bool, error)
}

// Extent is a byte range of a disk.
type Extent struct {
	Start  int64 `json:"start"`
	Length int64 `json:"length"`
}

// End is the first byte after the extent.
func (e Extent) End() int64 { return e.Start + e.Length }
