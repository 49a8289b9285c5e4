package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Files of a daemon in its folder.
const (
	stateFile   = "sandbox.json"
	optionsFile = "options.json"
	logFile     = "sandbox.log"
)

// State is what is known of a sandbox. A running daemon renews it every second.
type State struct {
	Running        bool          `json:"running"`
	AlreadyRunning bool          `json:"already_running,omitempty"` // in the answer of Up: it ran before
	Crashed        bool          `json:"crashed,omitempty"`         // it ended without being told to: see LogFile
	PID            int           `json:"pid,omitempty"`
	StartedAt      time.Time     `json:"started_at,omitzero"`
	UpdatedAt      time.Time     `json:"updated_at,omitzero"`
	Dir            string        `json:"dir"`
	ConfigFile     string        `json:"config_file"`
	LogFile        string        `json:"log_file"`
	Options        *Options      `json:"options,omitempty"` // with which it runs, without Dir
	Centers        []CenterState `json:"centers,omitempty"`
}

// CenterState is one vCenter.
type CenterState struct {
	Name     string         `json:"name"`
	Endpoint string         `json:"endpoint"`
	Worker   string         `json:"worker,omitempty"`
	Machines []MachineState `json:"machines"`
}

// MachineState is one virtual machine.
type MachineState struct {
	Name      string `json:"name"`
	Running   bool   `json:"running"`
	Ready     bool   `json:"ready"` // the guest has booted, its tools run
	Disks     int    `json:"disks"`
	DiskBytes int64  `json:"disk_bytes"`
	// DiskFiles are the flat files of the disks, in order, for independent
	// hashing. While a snapshot is open a file holds what the oldest one froze.
	DiskFiles []string `json:"disk_files,omitempty"`
	Snapshots int      `json:"snapshots"`
	Writes    int64    `json:"writes"` // records the guest has written so far
}

// State describes the sandbox now.
func (s *Sandbox) State() State {
	st := newState(s.dir)
	st.Running, st.PID, st.StartedAt, st.UpdatedAt = true, os.Getpid(), s.started, time.Now().UTC()
	opt := s.opt
	opt.Dir = ""
	st.Options = &opt
	for _, c := range s.Centers() {
		cs := CenterState{Name: c.name, Endpoint: c.Endpoint(), Worker: c.worker, Machines: []MachineState{}}
		c.mu.Lock()
		for _, m := range c.machines {
			ms := m.state()
			for _, d := range m.attached() {
				ms.DiskFiles = append(ms.DiskFiles, d.path)
			}
			cs.Machines = append(cs.Machines, ms)
		}
		c.mu.Unlock()
		slices.SortFunc(cs.Machines, func(a, b MachineState) int { return strings.Compare(a.Name, b.Name) })
		st.Centers = append(st.Centers, cs)
	}
	return st
}

func (m *machine) state() MachineState {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := MachineState{
		Name: m.name, Running: m.on, Ready: m.guest.ready,
		Disks: len(m.disks), Snapshots: len(m.snapshots), Writes: m.guest.writes,
	}
	for _, d := range m.disks {
		st.DiskBytes += d.size
	}
	return st
}

func newState(dir string) State {
	return State{Dir: dir, ConfigFile: filepath.Join(dir, configFile), LogFile: filepath.Join(dir, logFile)}
}

// ReadState says what runs in the folder. A folder where nothing runs, or that
// does not exist, is no error: Running is then false.
func ReadState(dir string) (State, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return State{}, fmt.Errorf("sandbox folder: %w", err)
	}
	idle := newState(dir)
	used, err := inUse(dir)
	if err != nil {
		return idle, err
	}
	if !used {
		// A daemon that is told to stop takes its state away.
		_, err := os.Stat(filepath.Join(dir, stateFile))
		idle.Crashed = err == nil
		return idle, nil
	}
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return idle, nil // still starting, or not a daemon
	}
	if err != nil {
		return idle, fmt.Errorf("sandbox state: %w", err)
	}
	var st State
	if err := json.Unmarshal(b, &st); err != nil {
		return idle, psn.Errorf(psn.Corrupt, "sandbox state %s: %w", filepath.Join(dir, stateFile), err)
	}
	if !alive(st.PID) {
		return idle, nil // left by a killed daemon; another is starting
	}
	return st, nil
}

func writeJSON(file string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return writeFile(file, append(b, '\n'), 0o600)
}
