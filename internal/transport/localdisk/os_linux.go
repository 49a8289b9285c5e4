package localdisk

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// openExclusive opens path; with excl a block device that is mounted or open
// exclusively elsewhere is refused by the kernel.
func openExclusive(path string, flag int, excl bool) (*os.File, error) {
	if excl {
		flag |= unix.O_EXCL
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if errors.Is(err, unix.EBUSY) {
		return nil, psn.Errorf(psn.Conflict, "the device is in use (mounted, or held by another process): unmount it or stop the other process: %w", err)
	}
	return f, err
}

func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return psn.Errorf(psn.Conflict, "another process has the file open for writing: stop it first")
	}
	return err
}

// openDirect opens path again with O_DIRECT and proves that it works; nil when
// the file system does not do it.
func openDirect(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|unix.O_DIRECT, 0)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.ReadAt(aligned(align), 0); err != nil && !errors.Is(err, io.EOF) {
		f.Close()
		return nil, nil
	}
	return f, nil
}

func dataSync(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// syncParent makes the name of a new file durable.
func syncParent(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func dropCache(f *os.File, off, n int64) {
	// Advice only: a page that stays is a page that was just flushed.
	_ = unix.Fadvise(int(f.Fd()), off, n, unix.FADV_DONTNEED)
}

// zeroRange asks the file system for a hole or the device for zeros.
func zeroRange(f *os.File, device bool, off, n int64) error {
	if !device {
		return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	}
	// On a block device ZERO_RANGE is BLKZEROOUT: the kernel returns only when
	// the range reads as zeros. PUNCH_HOLE would be allowed to fail silently
	// on layers that discard.
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_ZERO_RANGE|unix.FALLOC_FL_KEEP_SIZE, off, n)
}

// isHole reports whether no data lies in [off, off+n).
func isHole(f *os.File, off, n int64) (bool, error) {
	data, err := unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO): // no data after off
		return true, nil
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP):
		return false, nil
	case err != nil:
		return false, err
	}
	return data >= off+n, nil
}
