package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/server/common/headers"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

// Names in the data folder. Clients read the first four; the endpoint is
// written last, when the engine answers, and removed when it stops.
const (
	caFile       = "ca.pem"
	certFile     = "client.pem"
	keyFile      = "client-key.pem"
	endpointFile = "endpoint"

	caKeyFile   = "ca-key.pem"
	dbFile      = "engine.db"
	sidecarFile = "engine.json"
	lockFile    = "lock"
)

// shards can never change for an existing file.
const shards = 1

// sidecar says which server made or last opened engine.db.
type sidecar struct {
	Server           string `json:"server"`
	Schema           string `json:"schema"`
	VisibilitySchema string `json:"visibility_schema"`
	Shards           int32  `json:"shards"`
	Port             int    `json:"port,omitempty"` // listened on last
}

// schema is the sidecar this binary writes.
func schema() sidecar {
	return sidecar{Server: headers.ServerVersion, Schema: sqliteschema.Version, VisibilitySchema: sqliteschema.VisibilityVersion, Shards: shards}
}

// folder is the locked data folder.
type folder struct {
	dir  string
	lock *os.File
	side sidecar
}

// openFolder makes the folder when missing, takes its lock and checks that the
// file in it may be opened by this binary.
func openFolder(dir string) (*folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	f := &folder{dir: abs}
	if err := f.takeLock(); err != nil {
		return nil, err
	}
	// What an engine killed here left behind points nowhere any more.
	f.withdraw()
	if err := f.ensureDatabase(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// takeLock holds an advisory lock for the life of the process, so that a killed
// engine leaves none behind. The file's text is for people.
func (f *folder) takeLock() error {
	l, err := os.OpenFile(f.path(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(l.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(l.Name())
		l.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("data folder %s is in use by %s: stop that engine or choose another --data", f.dir, strings.TrimSpace(string(holder)))
		}
		return fmt.Errorf("lock %s: %w", l.Name(), err)
	}
	host, _ := os.Hostname()
	text := fmt.Sprintf("psn-engine pid %d on %s since %s\n", os.Getpid(), host, time.Now().UTC().Format(time.RFC3339))
	if err := l.Truncate(0); err == nil {
		_, err = l.WriteAt([]byte(text), 0)
		if err != nil {
			l.Close()
			return fmt.Errorf("write lock: %w", err)
		}
	}
	f.lock = l
	return nil
}

func (f *folder) close() { f.lock.Close() }

// ensureDatabase makes a new file complete before it gets its name, and refuses
// a file that another version made.
func (f *folder) ensureDatabase() error {
	_, dbErr := os.Stat(f.path(dbFile))
	raw, sideErr := os.ReadFile(f.path(sidecarFile))
	switch {
	case errors.Is(dbErr, fs.ErrNotExist):
		return f.create()
	case dbErr != nil:
		return dbErr
	case errors.Is(sideErr, fs.ErrNotExist):
		return fmt.Errorf("%s has no %s beside it, so the version that made it is unknown: restore both from the same backup", f.path(dbFile), sidecarFile)
	case sideErr != nil:
		return sideErr
	}
	if err := json.Unmarshal(raw, &f.side); err != nil {
		return fmt.Errorf("%s is damaged: %w: restore it from the backup that holds %s", f.path(sidecarFile), err, dbFile)
	}
	if err := compatible(f.side, schema()); err != nil {
		return fmt.Errorf("%s: %w", f.path(dbFile), err)
	}
	port := f.side.Port
	f.side = schema()
	return f.remember(port)
}

func (f *folder) create() error {
	fresh := f.path(dbFile + ".new")
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(fresh + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := sqliteschema.SetupSchema(sqlConfig(fresh, "delete")); err != nil {
		return fmt.Errorf("make %s: %w", dbFile, err)
	}
	if err := os.Chmod(fresh, 0o600); err != nil {
		return err
	}
	// A sidecar without a file is harmless, a file without one is refused.
	f.side = schema()
	if err := f.remember(0); err != nil {
		return err
	}
	return os.Rename(fresh, f.path(dbFile))
}

// compatible reports why a file made under have may not be opened under want.
// Patch releases of the server keep the schema; minor ones are known to change
// tables without changing the version the schema claims.
func compatible(have, want sidecar) error {
	remedy := "use the psn-engine that made it, or start with an empty --data folder"
	if have.Shards != want.Shards {
		return fmt.Errorf("made with %d history shards, this engine has %d and the number can never change: %s", have.Shards, want.Shards, remedy)
	}
	if minor(have.Server) != minor(want.Server) || have.Schema != want.Schema || have.VisibilitySchema != want.VisibilitySchema {
		return fmt.Errorf("made by server %s (schema %s/%s), this engine is server %s (schema %s/%s): %s",
			have.Server, have.Schema, have.VisibilitySchema, want.Server, want.Schema, want.VisibilitySchema, remedy)
	}
	return nil
}

// minor is "1.32" of "1.32.1".
func minor(version string) string {
	if i := strings.LastIndexByte(version, '.'); i > 0 {
		return version[:i]
	}
	return version
}

func (f *folder) lastPort() int { return f.side.Port }

func (f *folder) remember(port int) error {
	f.side.Port = port
	raw, err := json.MarshalIndent(f.side, "", "  ")
	if err != nil {
		return err
	}
	return f.write(sidecarFile, append(raw, '\n'))
}

// publish tells clients where the engine is. The endpoint comes last.
func (f *folder) publish(endpoint string) error {
	return f.write(endpointFile, []byte(endpoint+"\n"))
}

// withdraw takes the endpoint back; that it is already gone is no matter.
func (f *folder) withdraw() { _ = os.Remove(f.path(endpointFile)) }

// write replaces a file whole, readable by the owner only, on stable storage.
func (f *folder) write(name string, data []byte) error {
	tmp, err := os.CreateTemp(f.dir, name+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone when all went well
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(tmp.Name(), f.path(name))
}
