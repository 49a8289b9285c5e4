package blockcopy_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
)

// folder is the ledger's folder under a file system that loses what was not
// synced when the power is cut: the tail of the ledger, and a rename whose
// folder was not synced yet.
type folder struct {
	t        *testing.T
	dir      string
	dst      *memTarget
	rng      *rand.Rand
	steps    int // until the power is cut; 0 means never
	durable  int64
	old      []byte // the manifest before a rename
	hadOld   bool
	unsynced bool // a rename is not durable yet
	at       string
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) read(name string) ([]byte, bool) {
	p, err := os.ReadFile(f.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.t.Fatal(err)
	}
	return p, err == nil
}

// watch makes the job's steps known to f.
func (f *folder) watch(job blockcopy.Job) blockcopy.Job {
	if p, ok := f.read("ledger"); ok {
		f.durable = int64(len(p))
	}
	return blockcopy.WithStep(job, func(step string) error {
		switch step {
		case "intent declared", "ledger synced":
			p, _ := f.read("ledger")
			f.durable = int64(len(p))
		case "manifest synced":
			f.old, f.hadOld = f.read("manifest")
		case "manifest renamed":
			f.unsynced = true
		case "manifest committed":
			f.unsynced = false
		}
		if f.steps > 0 {
			if f.steps--; f.steps == 0 {
				f.at = step
				f.dst.mu.Lock()
				f.dst.cut()
				f.dst.mu.Unlock()
				return errCut
			}
		}
		return nil
	})
}

// lose does to the files what the power cut did.
func (f *folder) lose() {
	if p, ok := f.read("ledger"); ok && int64(len(p)) > f.durable {
		tail := p[f.durable:]
		switch f.rng.IntN(4) {
		case 0: // lost
			tail = nil
		case 1: // cut short
			tail = tail[:f.rng.IntN(len(tail))]
		case 2: // long enough, but a piece never reached the platter
			from := f.rng.IntN(len(tail))
			clear(tail[from : from+f.rng.IntN(len(tail)-from)+1])
		}
		f.write("ledger", append(p[:f.durable:f.durable], tail...))
	}
	if f.unsynced && f.rng.IntN(2) == 0 {
		next, _ := f.read("manifest")
		f.write("manifest.next", next)
		if f.hadOld {
			f.write("manifest", f.old)
		} else if err := os.Remove(f.path("manifest")); err != nil {
			f.t.Fatal(err)
		}
	}
	f.unsynced = false
}

func (f *folder) write(name string, p []byte) {
	if err := os.WriteFile(f.path(name), p, 0o600); err != nil {
		f.t.Fatal(err)
	}
}
