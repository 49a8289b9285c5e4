package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

const (
	renewEvery  = time.Second           // how often a daemon writes its state
	lookEvery   = 50 * time.Millisecond // how often Up and Down look
	upTimeout   = 60 * time.Second
	downTimeout = 30 * time.Second
)

// Serve runs a sandbox until the context ends or the process is told to stop by
// SIGTERM or SIGINT, and keeps its state in the folder. Options that hold
// nothing but Dir are those of the last Up in that folder.
func Serve(ctx context.Context, opt Options) (err error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if reflect.DeepEqual(opt, Options{Dir: opt.Dir}) {
		if opt, err = loadOptions(opt.Dir); err != nil {
			return err
		}
	}
	s, err := Start(ctx, opt)
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, stateFile)
	defer func() {
		if rerr := os.Remove(file); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("sandbox state: %w", rerr))
		}
		err = errors.Join(err, s.Close())
	}()
	renew := time.NewTicker(renewEvery)
	defer renew.Stop()
	for {
		if err := writeJSON(file, s.State()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-renew.C:
		}
	}
}

func loadOptions(dir string) (Options, error) {
	opt := Options{}
	b, err := os.ReadFile(filepath.Join(dir, optionsFile))
	if err == nil {
		err = json.Unmarshal(b, &opt)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return opt, fmt.Errorf("sandbox options %s: %w", filepath.Join(dir, optionsFile), err)
	}
	opt.Dir = dir
	return opt, nil
}

// Up starts "exe sandbox serve --dir DIR" in the background and returns when the
// sandbox answers. When one runs in the folder already it is left alone and its
// state is returned with AlreadyRunning set; psn.Conflict when it runs with
// other options than those that are set in opt. Without a deadline of its own the
// context is given a minute.
func Up(ctx context.Context, exe string, opt Options) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, upTimeout)
	defer cancel()
	checked := opt
	if err := checked.defaults(); err != nil {
		return State{}, err
	}
	dir, err := filepath.Abs(opt.Dir)
	if err != nil {
		return State{}, fmt.Errorf("sandbox folder: %w", err)
	}
	if used, err := inUse(dir); err != nil {
		return State{}, err
	} else if used {
		st, err := awaitReady(ctx, dir, 0, nil)
		if err != nil {
			return st, err
		}
		return st, sameOptions(st, opt)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return State{}, fmt.Errorf("sandbox folder: %w", err)
	}
	// What a killed daemon left must not be taken for the new one's. Should one
	// have started just now, it writes its state again within a second.
	if err := os.Remove(filepath.Join(dir, stateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return State{}, fmt.Errorf("sandbox state: %w", err)
	}
	opt.Dir = ""
	if err := writeJSON(filepath.Join(dir, optionsFile), opt); err != nil {
		return State{}, err
	}
	log, err := os.OpenFile(filepath.Join(dir, logFile), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return State{}, fmt.Errorf("sandbox log: %w", err)
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return State{}, fmt.Errorf("sandbox log: %w", err)
	}
	cmd := exec.Command(exe, "sandbox", "serve", "--dir", dir)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return State{}, fmt.Errorf("start sandbox: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	st, err := awaitReady(ctx, dir, cmd.Process.Pid, exited)
	if err != nil {
		if ctx.Err() != nil {
			_ = cmd.Process.Kill() // it may be gone
		}
		said := make([]byte, 2048)
		n, _ := log.ReadAt(said, from)
		return State{}, fmt.Errorf("%w; it said: %s", err, strings.TrimSpace(string(said[:n])))
	}
	return st, nil
}

// awaitReady waits until the sandbox in the folder has written its state. pid is
// the process just started, 0 when there is none.
func awaitReady(ctx context.Context, dir string, pid int, exited <-chan error) (State, error) {
	for {
		st, err := ReadState(dir)
		if err != nil {
			return st, err
		}
		if st.Running {
			st.AlreadyRunning = st.PID != pid
			return st, nil
		}
		select {
		case err := <-exited:
			// Another Up may have been quicker: then its sandbox is the one to wait for.
			if used, uerr := inUse(dir); uerr == nil && used {
				pid, exited = 0, nil
				continue
			}
			return st, psn.Errorf(psn.Internal, "sandbox in %s ended while starting: %v", dir, err)
		case <-ctx.Done():
			return st, psn.Errorf(psn.Unavailable, "sandbox in %s is not ready: %w", dir, context.Cause(ctx))
		case <-time.After(lookEvery):
		}
	}
}

// Down stops the sandbox in the folder and waits until it is gone. It reports
// whether one was running.
func Down(ctx context.Context, dir string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, downTimeout)
	defer cancel()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false, fmt.Errorf("sandbox folder: %w", err)
	}
	used, err := inUse(dir)
	if err != nil || !used {
		return false, err
	}
	st, err := awaitReady(ctx, dir, 0, nil) // one that is starting can be told only once it says who it is
	if err != nil {
		return true, err
	}
	if err := terminate(st.PID); err != nil {
		return true, fmt.Errorf("stop sandbox (process %d): %w", st.PID, err)
	}
	for {
		if used, err := inUse(dir); err != nil || !used {
			return true, err
		}
		select {
		case <-ctx.Done():
			return true, psn.Errorf(psn.Unavailable, "sandbox in %s (process %d) does not stop: %w", dir, st.PID, context.Cause(ctx))
		case <-time.After(lookEvery):
		}
	}
}
