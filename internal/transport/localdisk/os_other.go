//go:build !linux

package localdisk

import (
	"errors"
	"os"
)

// Replication workers run on Linux. Elsewhere files work through the page
// cache, and zeros are written.

func openExclusive(path string, flag int, _ bool) (*os.File, error) {
	return os.OpenFile(path, flag, 0o600)
}

func lock(*os.File) error { return nil }

func openDirect(string, int) (*os.File, error) { return nil, nil }

func dataSync(f *os.File) error { return f.Sync() }

func syncParent(string) error { return nil }

func dropCache(*os.File, int64, int64) {}

func zeroRange(*os.File, bool, int64, int64) error { return errors.ErrUnsupported }

func isHole(*os.File, int64, int64) (bool, error) { return false, nil }
