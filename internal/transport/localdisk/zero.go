package localdisk

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Zero makes [off, off+n) read back as zeros: by the file system or the device
// where that is proven, else by writing zeros.
//
// A punched range of a file is a hole, and a hole reads as zeros. A discarded
// range of a device need not (an encrypted volume returns noise), so devices
// are asked for zeros in so many words (BLKZEROOUT) and are read back the
// first time.
func (d *Disk) Zero(ctx context.Context, off, n int64) error {
	if err := d.check(off, n); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	start, end := (off+align-1)/align*align, (off+n)/align*align
	if start >= end || d.mustWriteZeros() {
		return d.writeZeros(ctx, off, n)
	}
	if err := zeroRange(d.cached, d.device, start, end-start); err != nil {
		d.writeZerosFromNow()
		return d.writeZeros(ctx, off, n)
	}
	if d.device {
		ok, err := d.readsBackZero(ctx, start, min(end-start, bounce))
		if err != nil {
			return err
		}
		if !ok {
			d.writeZerosFromNow()
			return d.writeZeros(ctx, off, n)
		}
	}
	if err := d.writeZeros(ctx, off, start-off); err != nil {
		return err
	}
	return d.writeZeros(ctx, end, off+n-end)
}

func (d *Disk) mustWriteZeros() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.noPunch
}

func (d *Disk) writeZerosFromNow() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noPunch = true
}

// writeZeros writes zeros; every piece goes to its own offset.
func (d *Disk) writeZeros(ctx context.Context, off, n int64) error {
	if n <= 0 {
		return nil
	}
	b := d.buffer()
	defer d.buffers.Put(b)
	clear(*b)
	for n > 0 {
		piece := min(n, bounce)
		if err := d.WriteAt(ctx, (*b)[:piece], off); err != nil {
			return err
		}
		off, n = off+piece, n-piece
	}
	return nil
}

func (d *Disk) readsBackZero(ctx context.Context, off, n int64) (bool, error) {
	b := d.buffer()
	defer d.buffers.Put(b)
	p := (*b)[:n]
	if err := d.ReadAt(ctx, p, off); err != nil {
		return false, err
	}
	for _, c := range p {
		if c != 0 {
			return false, nil
		}
	}
	return true, nil
}

// ReadsZero reports whether [off, off+n) is a hole of a file, which reads as
// zeros. False means that it is not known.
func (d *Disk) ReadsZero(_ context.Context, off, n int64) (bool, error) {
	if err := d.check(off, n); err != nil {
		return false, err
	}
	if d.device {
		return false, nil
	}
	hole, err := isHole(d.cached, off, n)
	if err != nil {
		return false, psn.At("disk "+d.path, err)
	}
	return hole, nil
}
