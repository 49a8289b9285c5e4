package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// Sandbox is a running set of simulated vCenters.
type Sandbox struct {
	dir     string
	opt     Options
	lock    *os.File
	started time.Time
	centers map[string]*Center
}

// Start builds the vCenters and returns when all of them answer. It fails with
// psn.InvalidInput for a wrong option and psn.Conflict when the folder or one of
// its ports is in use.
func Start(ctx context.Context, opt Options) (*Sandbox, error) {
	if err := opt.defaults(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(opt.Dir)
	if err != nil {
		return nil, fmt.Errorf("sandbox folder: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{dir: dir, opt: opt, lock: lock, started: time.Now().UTC(), centers: map[string]*Center{}}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Sandbox) start(ctx context.Context) error {
	// A killed sandbox leaves these behind.
	for _, d := range []string{"datastores", "dev", stateFile} {
		if err := os.RemoveAll(filepath.Join(s.dir, d)); err != nil {
			return fmt.Errorf("sandbox: remove what an earlier run left: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "secrets"), 0o700); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	ca, err := openAuthority(s.dir)
	if err != nil {
		return err
	}
	ports, err := listeners(s.dir, s.opt.Centers)
	if err != nil {
		return err
	}
	for _, name := range s.opt.Centers {
		c, err := newCenter(s, name, ca, ports[name])
		if err != nil {
			closeAll(ports)
			return err
		}
		s.centers[name] = c
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range s.centers {
		g.Go(func() error {
			if err := c.build(ctx); err != nil {
				return fmt.Errorf("build %s: %w", c.name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		closeAll(ports)
		return err
	}
	for name, c := range s.centers {
		c.web.serve(ports[name])
	}
	return s.writeConfig()
}

// ConfigFile is the path of psn.yaml.
func (s *Sandbox) ConfigFile() string { return filepath.Join(s.dir, configFile) }

// AuditorConfigFile is the path of the configuration with the read-only account.
func (s *Sandbox) AuditorConfigFile() string { return filepath.Join(s.dir, auditorConfigFile) }

// Dir is the folder of the sandbox, absolute.
func (s *Sandbox) Dir() string { return s.dir }

// Center returns a vCenter by name, nil when it was not asked for.
func (s *Sandbox) Center(name string) *Center { return s.centers[name] }

// Centers returns the vCenters in canonical order.
func (s *Sandbox) Centers() []*Center {
	var cs []*Center
	for _, n := range CenterNames() {
		if c := s.centers[n]; c != nil {
			cs = append(cs, c)
		}
	}
	return cs
}

// Close stops every guest and endpoint and removes the disks.
func (s *Sandbox) Close() error {
	for _, c := range s.centers {
		c.close()
	}
	err := os.RemoveAll(filepath.Join(s.dir, "datastores"))
	return errors.Join(err, s.lock.Close())
}
