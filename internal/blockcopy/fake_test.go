package blockcopy_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
)

const (
	kib  = 1 << 10
	leaf = blockcopy.LeafSize
)

// memSource is a disk in memory.
type memSource struct {
	data []byte
	mu   sync.Mutex
	read []blockcopy.Extent // what was asked for
}

func (s *memSource) Size() int64 { return int64(len(s.data)) }

func (s *memSource) ReadAt(ctx context.Context, p []byte, off int64) error {
	if off < 0 || off+int64(len(p)) > s.Size() {
		return fmt.Errorf("read of %d bytes at %d is outside the disk of %d", len(p), off, s.Size())
	}
	s.mu.Lock()
	s.read = append(s.read, blockcopy.Extent{Start: off, Length: int64(len(p))})
	s.mu.Unlock()
	copy(p, s.data[off:])
	return ctx.Err()
}

var errCut = errors.New("power cut")

// memTarget is a disk with a volatile write cache: what was not flushed may or
// may not survive a power cut, in any order, in sectors of 4 KiB.
type memTarget struct {
	mu     sync.Mutex
	stable []byte // what is on the platter
	cache  map[int64][]byte
	rng    *rand.Rand
	ops    int   // operations until the power is cut; 0 means never
	writes int64 // bytes
	off    bool
	lie    func(off int64) bool // writes there go wrong silently
}

const sector = 4096

func newMemTarget(size int64, fill byte, seed uint64) *memTarget {
	t := &memTarget{stable: make([]byte, size), cache: map[int64][]byte{}, rng: rand.New(rand.NewPCG(seed, 1))}
	copy(t.stable, bytes.Repeat([]byte{fill}, int(size)))
	return t
}

func (t *memTarget) Size() int64  { return int64(len(t.stable)) }
func (t *memTarget) Close() error { return nil }

// step counts an operation and says whether the power is still on.
func (t *memTarget) step() error {
	if t.off {
		return errCut
	}
	if t.ops > 0 {
		if t.ops--; t.ops == 0 {
			t.cut()
			return errCut
		}
	}
	return nil
}

func (t *memTarget) cut() {
	t.off = true
	for at, p := range t.cache {
		if t.rng.IntN(2) == 0 {
			copy(t.stable[at:], p)
		}
	}
	clear(t.cache)
}

func (t *memTarget) powerOn(ops int) { t.off, t.ops = false, ops }

func (t *memTarget) put(p []byte, off int64) {
	for len(p) > 0 {
		at := off / sector * sector
		s, ok := t.cache[at]
		if !ok {
			s = append([]byte(nil), t.stable[at:min(at+sector, t.Size())]...)
			t.cache[at] = s
		}
		n := copy(s[off-at:], p)
		p, off = p[n:], off+int64(n)
	}
}

func (t *memTarget) WriteAt(_ context.Context, p []byte, off int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if off < 0 || off+int64(len(p)) > t.Size() {
		return fmt.Errorf("write of %d bytes at %d is outside the disk of %d", len(p), off, t.Size())
	}
	half := len(p) / 2 // a cut may fall into the middle of a write
	t.put(p[:half], off)
	if err := t.step(); err != nil {
		return err
	}
	t.put(p[half:], off+int64(half))
	t.writes += int64(len(p))
	if t.lie != nil && t.lie(off) {
		t.put([]byte{^p[0]}, off)
	}
	return nil
}

func (t *memTarget) Zero(ctx context.Context, off, n int64) error {
	return t.WriteAt(ctx, make([]byte, n), off)
}

func (t *memTarget) ReadAt(ctx context.Context, p []byte, off int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.step(); err != nil {
		return err
	}
	copy(p, t.stable[off:])
	for at := off / sector * sector; at < off+int64(len(p)); at += sector {
		if s, ok := t.cache[at]; ok {
			if at < off {
				copy(p, s[off-at:])
			} else {
				copy(p[at-off:], s)
			}
		}
	}
	return ctx.Err()
}

func (t *memTarget) Flush(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.step(); err != nil {
		return err
	}
	for at, p := range t.cache {
		copy(t.stable[at:], p)
	}
	clear(t.cache)
	return nil
}

// content is what a reader would see.
func (t *memTarget) content() []byte {
	p := make([]byte, t.Size())
	t.mu.Lock()
	t.off, t.ops = false, 0
	t.mu.Unlock()
	if err := t.ReadAt(context.Background(), p, 0); err != nil {
		panic(err)
	}
	return p
}

// fill makes p random.
func fill(rng *rand.Rand, p []byte) {
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, rng.Uint64())
	}
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
}

// disk is a source disk with a history: it knows its allocated areas and what
// changed since a change id.
type disk struct {
	rng       *rand.Rand
	data      []byte
	allocated []blockcopy.Extent
	changes   [][]blockcopy.Extent // by generation
}

func newDisk(rng *rand.Rand, size int64) *disk {
	d := &disk{rng: rng, data: make([]byte, size)}
	d.change(1 + rng.IntN(6))
	return d
}

// change writes n random areas, some of them with zeros.
func (d *disk) change(n int) {
	var areas []blockcopy.Extent
	for range n {
		start := d.rng.Int64N(int64(len(d.data)))
		if d.rng.IntN(3) == 0 {
			start = start / (64 * kib) * (64 * kib)
		}
		length := min(1+d.rng.Int64N(700*kib), int64(len(d.data))-start)
		zero := d.rng.IntN(4) == 0
		clear(d.data[start : start+length])
		if !zero {
			fill(d.rng, d.data[start:start+length])
		}
		areas = append(areas, blockcopy.Extent{Start: start, Length: length})
	}
	d.changes = append(d.changes, areas)
	d.allocated = append(d.allocated, areas...)
}

// generation names the state now, as a change id would.
func (d *disk) generation() int { return len(d.changes) }

// since returns the areas changed since a generation, over-reported at random.
func (d *disk) since(generation int) []blockcopy.Extent {
	var out []blockcopy.Extent
	for _, areas := range d.changes[generation:] {
		out = append(out, areas...)
	}
	if d.rng.IntN(3) == 0 {
		start := d.rng.Int64N(int64(len(d.data)))
		out = append(out, blockcopy.Extent{Start: start, Length: 300 * kib}) // may pass the end
	}
	d.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func (d *disk) frozen() *memSource { return &memSource{data: append([]byte(nil), d.data...)} }
