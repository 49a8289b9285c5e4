package localdisk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"unsafe"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// align is what direct I/O is aligned to: no common device has larger logical blocks.
const align = 4 << 10

// bounce is the size of buffers for callers whose memory is not aligned, and
// of writes of zeros.
const bounce = 1 << 20

// Options choose how a disk is opened. The zero value opens an existing block
// device or file for reading and writing.
type Options struct {
	// Create makes a sparse file of this many bytes when the path does not
	// exist. A file that exists and is smaller is extended, a larger one is
	// left as it is. It cannot be used with a block device.
	Create int64
	// ReadOnly opens for reading only.
	ReadOnly bool
	// Buffered goes through the page cache even where direct I/O is possible.
	Buffered bool
}

// Disk is an open disk. Its methods may be called concurrently.
type Disk struct {
	path     string
	cached   *os.File // page cache: unaligned pieces, flush, zeroing, lock
	direct   *os.File // nil when the file system has no direct I/O
	size     int64
	device   bool
	readOnly bool
	buffers  sync.Pool

	mu      sync.Mutex
	noPunch bool // zeroing by the file system or device failed: write zeros
}

// Open opens path for exclusive use: a block device is refused while it is
// mounted or open exclusively elsewhere, a file while another Disk that may
// write has it open (both psn.Conflict).
func Open(path string, o Options) (*Disk, error) {
	d, err := open(path, o)
	if err != nil {
		return nil, psn.At("disk "+path, err)
	}
	return d, nil
}

func open(path string, o Options) (_ *Disk, err error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Create > 0 && !o.ReadOnly:
	case errors.Is(err, fs.ErrNotExist):
		return nil, psn.Errorf(psn.NotFound, "%w", err)
	case err != nil:
		return nil, err
	case st.Mode()&fs.ModeDevice != 0 && st.Mode()&fs.ModeCharDevice == 0:
		if o.Create > 0 {
			return nil, psn.Errorf(psn.InvalidInput, "it is a block device, which cannot be created or resized: leave Create out")
		}
	case !st.Mode().IsRegular():
		return nil, psn.Errorf(psn.InvalidInput, "it is neither a block device nor a regular file (%s)", st.Mode().Type())
	}
	d := &Disk{path: path, readOnly: o.ReadOnly, device: st != nil && st.Mode()&fs.ModeDevice != 0}
	d.buffers.New = func() any { b := aligned(bounce); return &b }
	flag := os.O_RDWR
	switch {
	case o.ReadOnly:
		flag = os.O_RDONLY
	case o.Create > 0:
		flag |= os.O_CREATE
	}
	if d.cached, err = openExclusive(path, flag, d.device && !o.ReadOnly); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = d.Close()
		}
	}()
	if !o.ReadOnly && !d.device {
		if err := lock(d.cached); err != nil {
			return nil, err
		}
	}
	if o.Create > 0 {
		if err := extend(d.cached, o.Create); err != nil {
			return nil, err
		}
	}
	// The end of a block device is its size; Stat says 0.
	if d.size, err = d.cached.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	if !o.Buffered {
		if d.direct, err = openDirect(path, flag&^os.O_CREATE); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func extend(f *os.File, size int64) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if st.Size() >= size {
		return nil
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	return syncParent(f.Name())
}

// Path is what was opened.
func (d *Disk) Path() string { return d.path }

// Size is the size in bytes.
func (d *Disk) Size() int64 { return d.size }

// Direct reports whether aligned reads and writes bypass the page cache.
func (d *Disk) Direct() bool { return d.direct != nil }

// Close ends the exclusive use. It does not flush.
func (d *Disk) Close() error {
	var err error
	if d.direct != nil {
		err = d.direct.Close()
	}
	if d.cached != nil {
		err = errors.Join(err, d.cached.Close())
	}
	return err
}

func (d *Disk) check(off, n int64) error {
	if off < 0 || n < 0 || off > d.size-n {
		return psn.Errorf(psn.InvalidInput, "%s: bytes %d to %d are outside the disk of %d bytes", d.path, off, off+n, d.size)
	}
	return nil
}

// ReadAt fills p from off.
func (d *Disk) ReadAt(ctx context.Context, p []byte, off int64) error {
	return d.each(ctx, p, off, false, d.read)
}

// ReadStable fills p from off with what is on the device, not in the page
// cache. What was written must have been flushed before.
func (d *Disk) ReadStable(ctx context.Context, p []byte, off int64) error {
	if d.direct == nil || off%align != 0 || len(p)%align != 0 {
		dropCache(d.cached, off, int64(len(p)))
	}
	return d.each(ctx, p, off, false, d.read)
}

func (d *Disk) read(f *os.File, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%s: read %d bytes at %d: got %d: %w", d.path, len(p), off, n, err)
}

// WriteAt writes p at off. It is durable after the next Flush.
func (d *Disk) WriteAt(ctx context.Context, p []byte, off int64) error {
	return d.each(ctx, p, off, true, func(f *os.File, p []byte, off int64) error {
		if _, err := f.WriteAt(p, off); err != nil {
			return fmt.Errorf("%s: write %d bytes at %d: %w", d.path, len(p), off, err)
		}
		return nil
	})
}

// each splits [off, off+len(p)) into an unaligned head, an aligned middle and
// an unaligned tail: the middle goes by direct I/O, the rest by the page cache.
func (d *Disk) each(ctx context.Context, p []byte, off int64, write bool, do func(*os.File, []byte, int64) error) error {
	if err := d.check(off, int64(len(p))); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.direct == nil {
		return do(d.cached, p, off)
	}
	if head := min(int((align-off%align)%align), len(p)); head > 0 {
		if err := do(d.cached, p[:head], off); err != nil {
			return err
		}
		p, off = p[head:], off+int64(head)
	}
	middle := len(p) / align * align
	if err := d.directly(ctx, p[:middle], off, write, do); err != nil {
		return err
	}
	if middle < len(p) {
		return do(d.cached, p[middle:], off+int64(middle))
	}
	return nil
}

// directly does aligned I/O; memory that is not aligned is copied in pieces.
func (d *Disk) directly(ctx context.Context, p []byte, off int64, write bool, do func(*os.File, []byte, int64) error) error {
	if len(p) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(p)))%align == 0 {
		if len(p) == 0 {
			return nil
		}
		return do(d.direct, p, off)
	}
	b := d.buffer()
	defer d.buffers.Put(b)
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(p), bounce)
		piece := (*b)[:n]
		if write {
			copy(piece, p)
		}
		if err := do(d.direct, piece, off); err != nil {
			return err
		}
		if !write {
			copy(p, piece)
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// Flush returns when everything written before is on stable storage.
func (d *Disk) Flush(context.Context) error {
	if err := dataSync(d.cached); err != nil {
		return psn.Errorf(psn.Unavailable, "%s: flush: %w; what was written since the last flush is lost", d.path, err)
	}
	return nil
}

func aligned(n int) []byte {
	p := make([]byte, n+align)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(p)))) & (align - 1)
	return p[skip : skip+n : skip+n]
}

// buffer takes an aligned buffer of bounce bytes from the pool.
func (d *Disk) buffer() *[]byte {
	b, _ := d.buffers.Get().(*[]byte) // New makes nothing else
	return b
}
