package blockcopy

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// lockDir makes sure that no other process works in dir. The lock ends with
// unlock or with the process, however it dies.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	got, err := flock(f)
	if err == nil && !got {
		holder, _ := io.ReadAll(io.LimitReader(f, 64))
		err = psn.Errorf(psn.Conflict, "another process%s is working on this disk (it holds %s): wait for it or stop it", ofHolder(holder), f.Name())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	// The number is for people only; failing to write it changes nothing.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return func() { f.Close() }, nil
}

func ofHolder(p []byte) string {
	if pid := strings.TrimSpace(string(p)); pid != "" {
		return " (pid " + pid + ")"
	}
	return ""
}
