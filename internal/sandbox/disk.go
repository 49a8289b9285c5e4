package sandbox

import (
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

// blockSize is the granularity of change tracking and of overlays, in bytes.
const blockSize = 64 << 10

// disk is the content of one virtual disk: a flat file, and one overlay per
// open snapshot. While a snapshot is open the flat file is frozen and writes
// go to the newest overlay.
type disk struct {
	name  string // datastore path of the descriptor
	path  string // flat file
	store string // datastore
	uuid  string
	size  int64 // bytes; changed under Center.mu and mu

	users map[*machine]struct{} // guarded by Center.mu

	mu     sync.Mutex
	track  *tracker
	layers []*layer // oldest first
	aside  map[types.ManagedObjectReference]*layer
	copies int // frozen copies made so far, for their names
}

// layer is what was written after a snapshot was taken.
type layer struct {
	snapshot types.ManagedObjectReference
	name     string // datastore path of the frozen content's descriptor
	path     string // its flat file
	copied   bool   // path is a copy of its own, not the disk's file
	blocks   map[int64][]byte
	changed  *changes // as of the snapshot; nil when nothing was tracked
}

// readAt reads the live content.
func (d *disk) readAt(p []byte, off int64) error {
	f, err := os.Open(d.path)
	if err != nil {
		return fmt.Errorf("read disk: %w", err)
	}
	defer f.Close()
	if _, err := f.ReadAt(p, off); err != nil && err != io.EOF {
		return fmt.Errorf("read disk: %w", err)
	}
	for _, l := range d.layers {
		for b := off / blockSize; b*blockSize < off+int64(len(p)); b++ {
			data, ok := l.blocks[b]
			if !ok {
				continue
			}
			at := b * blockSize
			if at < off {
				copy(p, data[off-at:])
			} else {
				copy(p[at-off:], data)
			}
		}
	}
	return nil
}

// write writes to the live content, as the guest does.
func (d *disk) write(p []byte, off int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off < 0 || off+int64(len(p)) > d.size {
		return fmt.Errorf("write disk: [%d, +%d) is outside of %d bytes", off, len(p), d.size)
	}
	d.track.mark(off, int64(len(p)))
	if len(d.layers) == 0 {
		return d.writeFile(p, off)
	}
	top := d.layers[len(d.layers)-1]
	for len(p) > 0 {
		b := off / blockSize
		data, ok := top.blocks[b]
		if !ok {
			data = make([]byte, min(blockSize, d.size-b*blockSize))
			if err := d.readAt(data, b*blockSize); err != nil {
				return err
			}
			top.blocks[b] = data
		}
		n := copy(data[off-b*blockSize:], p)
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func (d *disk) writeFile(p []byte, off int64) error {
	f, err := os.OpenFile(d.path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write disk: %w", err)
	}
	_, err = f.WriteAt(p, off)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write disk: %w", err)
	}
	return nil
}

// frozen reports whether a snapshot is open.
func (d *disk) frozen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.layers) > 0
}

// freeze opens a snapshot. It returns the datastore path of the frozen content
// and the change id, empty when nothing is tracked.
func (d *disk) freeze(ref types.ManagedObjectReference) (name, changeID string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := &layer{snapshot: ref, name: d.name, path: d.path, blocks: map[int64][]byte{}}
	if len(d.layers) > 0 {
		// The flat file is frozen at an older state: this one needs its own.
		d.copies++
		suffix := fmt.Sprintf("-%06d", d.copies)
		l.copied = true
		l.name = strings.TrimSuffix(d.name, ".vmdk") + suffix + ".vmdk"
		l.path = strings.TrimSuffix(d.path, "-flat.vmdk") + suffix + "-flat.vmdk"
		if err := d.copyLive(l.path); err != nil {
			return "", "", err
		}
	}
	l.changed = d.track.snapshot()
	d.layers = append(d.layers, l)
	return l.name, l.changed.id(), nil
}

// copyLive writes the live content to a new sparse file.
func (d *disk) copyLive(to string) error {
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("copy disk: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(d.size); err != nil {
		return fmt.Errorf("copy disk: %w", err)
	}
	blocks, err := allocated(d.path, d.size)
	if err != nil {
		return err
	}
	for _, l := range d.layers {
		for b := range l.blocks {
			blocks[b] = struct{}{}
		}
	}
	for b := range blocks {
		data := make([]byte, min(blockSize, d.size-b*blockSize))
		if err := d.readAt(data, b*blockSize); err != nil {
			return err
		}
		if _, err := f.WriteAt(data, b*blockSize); err != nil {
			return fmt.Errorf("copy disk: %w", err)
		}
	}
	return nil
}

// release closes a snapshot: what was written after it goes down one level.
func (d *disk) release(ref types.ManagedObjectReference) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.aside[ref]; l != nil {
		delete(d.aside, ref)
		return l.remove()
	}
	for i, l := range d.layers {
		if l.snapshot != ref {
			continue
		}
		if i > 0 {
			maps.Copy(d.layers[i-1].blocks, l.blocks)
		} else {
			for b, data := range l.blocks {
				if err := d.writeFile(data, b*blockSize); err != nil {
					return err
				}
			}
		}
		d.layers = append(d.layers[:i:i], d.layers[i+1:]...)
		return l.remove()
	}
	return nil
}

func (l *layer) remove() error {
	if !l.copied {
		return nil
	}
	if err := os.Remove(l.path); err != nil {
		return fmt.Errorf("remove snapshot copy: %w", err)
	}
	return nil
}

// revert brings the live content back to a snapshot, which stays open. Change
// ids handed out before become stale.
func (d *disk) revert(ref types.ManagedObjectReference) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.track.reset()
	for i, l := range d.layers {
		if l.snapshot != ref {
			continue
		}
		if d.aside == nil {
			d.aside = map[types.ManagedObjectReference]*layer{}
		}
		for _, newer := range d.layers[i+1:] {
			d.aside[newer.snapshot] = newer // its frozen copy can still be read
		}
		d.layers = d.layers[:i+1]
		l.blocks = map[int64][]byte{}
		return nil
	}
	return fmt.Errorf("revert disk %s: snapshot %s is on another branch, which the sandbox does not keep", d.name, ref.Value)
}

// layerOf returns the layer of a snapshot.
func (d *disk) layerOf(ref types.ManagedObjectReference) *layer {
	if l := d.aside[ref]; l != nil {
		return l
	}
	for _, l := range d.layers {
		if l.snapshot == ref {
			return l
		}
	}
	return nil
}
