package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// recordSize is the size of one guest write in bytes.
const recordSize = 4096

// guestState is the operating system of a machine. It is guarded by machine.mu.
type guestState struct {
	regions  []region // where it may write; empty: it never writes
	rate     float64  // writes per second
	writing  bool
	ignore   bool // shutdown requests
	ready    bool // booted, tools running
	stopping bool
	writes   int64
	last     string // SHA-256 of the last record
}

// region is a preallocated file of a disk's file system, the only place where
// the guest writes, so that the file system stays valid.
type region struct {
	disk     *disk
	off, len int64
}

// Guest is the operating system of a machine, for tests.
type Guest struct{ m *machine }

// Guest returns the guest of a machine by name, or nil when there is no such machine.
func (c *Center) Guest(vm string) *Guest {
	if m := c.find(vm); m != nil {
		return &Guest{m}
	}
	return nil
}

// SetWriting turns the regular writes on or off. Writes under way are finished
// when it returns.
func (g *Guest) SetWriting(on bool) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.m.guest.writing = on
}

// SetRate sets the regular writes per second.
func (g *Guest) SetRate(perSecond float64) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.m.guest.rate = perSecond
	g.m.guest.writing = perSecond > 0
}

// Write makes the guest write n records at once. It fails when the machine is
// off or has nowhere to write.
func (g *Guest) Write(n int) error {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	if !g.m.on || len(g.m.guest.regions) == 0 {
		return fmt.Errorf("guest of %s cannot write: running %t, %d data files", g.m.name, g.m.on, len(g.m.guest.regions))
	}
	for range n {
		if err := g.m.writeRecord(); err != nil {
			return err
		}
	}
	return nil
}

// WriteAt makes the guest write p at an offset of its n-th disk (from 0),
// wherever that is: it can break the file system.
func (g *Guest) WriteAt(n int, p []byte, off int64) error {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	if n < 0 || n >= len(g.m.order) {
		return fmt.Errorf("guest of %s has no disk %d", g.m.name, n)
	}
	return g.m.disks[g.m.order[n]].write(p, off)
}

// Writes returns how many records were written since the machine was made, and
// the SHA-256 of the last one in hex.
func (g *Guest) Writes() (n int64, last string) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	return g.m.guest.writes, g.m.guest.last
}

// IgnoreShutdown makes the guest ignore shutdown requests, as a hung one does.
func (g *Guest) IgnoreShutdown(ignore bool) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.m.guest.ignore = ignore
}

// Ready reports whether the guest has booted and its tools run.
func (g *Guest) Ready() bool {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	return g.m.guest.ready
}

// writeRecord writes one record and then the journal's head that names it: two
// writes that belong together. The caller holds machine.mu.
func (m *machine) writeRecord() error {
	g := &m.guest
	n := g.writes + 1
	rnd := rand.New(rand.NewPCG(m.c.opt.Seed, uint64(n)))
	r := g.regions[int(n)%len(g.regions)]
	block := 1 + rnd.Int64N(r.len/recordSize-2) // neither the head nor the last block
	rec := record(m.c.opt.Seed, fmt.Sprintf("REGISTRO %s n=%012d blocco=%06d\n", m.name, n, block))
	if err := r.disk.write(rec, r.off+block*recordSize); err != nil {
		return err
	}
	sum := sha256.Sum256(rec)
	g.writes, g.last = n, hex.EncodeToString(sum[:])
	head := record(m.c.opt.Seed, fmt.Sprintf("TESTA %s n=%012d sha256=%s\n", m.name, n, g.last))
	return g.regions[0].disk.write(head, g.regions[0].off)
}

// flush leaves the mark of an orderly shutdown in every data file.
func (m *machine) flush() error {
	for _, r := range m.guest.regions {
		mark := record(m.c.opt.Seed, fmt.Sprintf("ARRESTO REGOLARE %s n=%012d\n", m.name, m.guest.writes))
		if err := r.disk.write(mark, r.off+r.len-recordSize); err != nil {
			return err
		}
	}
	return nil
}

// record is a block that begins with the header and goes on with noise that
// follows from it.
func record(seed uint64, header string) []byte {
	b := make([]byte, recordSize)
	n := copy(b, header)
	noise(seed, header, b[n:])
	return b
}

// noise fills b with incompressible bytes that follow from seed and name.
func noise(seed uint64, name string, b []byte) {
	key := sha256.Sum256(fmt.Appendf(nil, "%d/%s", seed, name))
	_, _ = rand.NewChaCha8(key).Read(b) // never fails
}

// powerOn starts the guest on a host.
func (m *machine) powerOn(host *types.ManagedObjectReference) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.starting = false
	if host != nil {
		m.host = *host
	}
	if m.on || m.c.closed {
		return
	}
	m.on = true
	m.guest.stopping = false
	m.stop = make(chan struct{})
	m.c.guests.Go(func() { m.run(m.stop) })
}

// powerOff stops the guest where it stands.
func (m *machine) powerOff() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.starting = false
	if m.on {
		m.on, m.guest.ready = false, false
		close(m.stop)
	}
}

// run is the life of a guest from power on to power off.
func (m *machine) run(stop chan struct{}) {
	delay := m.c.opt.BootDelay
	if !m.c.built.Load() {
		delay = 0 // what runs at the start has been running for long
	}
	if !sleep(stop, delay) || !m.boot(stop) {
		return
	}
	for {
		m.mu.Lock()
		rate := m.guest.rate
		m.mu.Unlock()
		pause := 50 * time.Millisecond
		if rate > 0 {
			pause = time.Duration(float64(time.Second) / rate)
		}
		if !sleep(stop, min(pause, time.Second)) {
			return
		}
		m.mu.Lock()
		if m.on && m.guest.writing && !m.guest.stopping && len(m.guest.regions) > 0 {
			if err := m.writeRecord(); err != nil {
				slog.Error("sandbox guest cannot write", "machine", m.name, "error", err)
			}
		}
		m.mu.Unlock()
	}
}

// shutdown asks the guest to stop; off is called when it has.
func (m *machine) shutdown(off func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.on || m.guest.ignore || m.guest.stopping {
		return
	}
	m.guest.stopping = true
	stop := m.stop
	m.c.guests.Go(func() {
		if !sleep(stop, m.c.opt.ShutdownDelay) {
			return
		}
		m.mu.Lock()
		if err := m.flush(); err != nil {
			slog.Error("sandbox guest cannot flush", "machine", m.name, "error", err)
		}
		m.mu.Unlock()
		off()
	})
}

func sleep(stop <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-stop:
		return false
	case <-t.C:
		return true
	}
}
