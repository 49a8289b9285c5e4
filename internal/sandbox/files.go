package sandbox

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

const lockFile = ".lock"

// lockDir takes the folder for this sandbox alone, until the returned file is
// closed or the process ends.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("sandbox folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sandbox lock: %w", err)
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = psn.Errorf(psn.Conflict, "folder %s is in use by another sandbox: stop it or use another folder", dir)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// inUse reports whether a sandbox runs in the folder.
func inUse(dir string) (bool, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sandbox lock: %w", err)
	}
	defer f.Close()
	locked, err := isLocked(f)
	if err != nil {
		return false, fmt.Errorf("sandbox lock: %w", err)
	}
	return locked, nil
}

// password reads the password kept in file, or makes one.
func password(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("sandbox password: %w", err)
	}
	p := rand.Text()
	return p, writeFile(file, []byte(p+"\n"), 0o600)
}

// writeFile replaces a file as one step, so that a reader never sees half of it.
func writeFile(name string, b []byte, mode os.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

const portsFile = "ports.json"

// listeners opens one loopback port for each center: the port it had in an
// earlier start in the same folder, or a new one.
func listeners(dir string, names []string) (map[string]net.Listener, error) {
	ports := map[string]int{}
	file := filepath.Join(dir, portsFile)
	if b, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(b, &ports); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	open := map[string]net.Listener{}
	for _, n := range names {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports[n]))
		if err != nil {
			closeAll(open)
			return nil, psn.Errorf(psn.Conflict, "port %d of %s is taken: free it, or remove %s to let the sandbox choose again: %w", ports[n], n, file, err)
		}
		open[n] = l
		ports[n] = l.Addr().(*net.TCPAddr).Port
	}
	b, err := json.Marshal(ports)
	if err == nil {
		err = writeFile(file, append(b, '\n'), 0o644)
	}
	if err != nil {
		closeAll(open)
		return nil, err
	}
	return open, nil
}

func closeAll(ls map[string]net.Listener) {
	for _, l := range ls {
		l.Close()
	}
}
