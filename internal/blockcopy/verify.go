package blockcopy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Verification is what a full read of the target found.
type Verification struct {
	TargetRoot string // root of what the target holds, comparable with Commit.RootHash
	SHA256     string // "sha256:" and the hash of the whole disk, as sha256sum prints it
	// MismatchedBlocks are the leaves (of LeafSize bytes) that differ from the
	// manifest, ascending; at most maxMismatches are listed.
	MismatchedBlocks []int64
	Mismatches       int64 // how many differ in all
	BytesRead        int64
}

// Intact reports whether the target holds what was committed.
func (v Verification) Intact() bool { return v.Mismatches == 0 }

const (
	maxMismatches = 10000
	verifyReaders = 4
)

// VerifyTarget reads the whole target and compares it with the manifest in dir.
// A mismatch is in the result, not an error. It fails with NotFound when
// nothing was committed, and with Conflict while a pass is in flight, for the
// target then is between two states.
func VerifyTarget(ctx context.Context, dst Target, dir string, progress func(Progress)) (Verification, error) {
	v, err := verify(ctx, dst, dir, progress)
	if err != nil {
		return Verification{}, psn.At("verify with records in "+dir, err)
	}
	return v, nil
}

func verify(ctx context.Context, dst Target, dir string, progress func(Progress)) (v Verification, err error) {
	c, err := Committed(dir)
	if err != nil {
		return v, err
	}
	if c == nil {
		return v, psn.Errorf(psn.NotFound, "no pass was committed: finish a seed first")
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return v, err
	}
	defer unlock()
	if c, err = Committed(dir); err != nil {
		return v, err
	}
	if c.InFlight != nil {
		return v, psn.Errorf(psn.Conflict, "pass %q has begun to write and is not committed: finish it, then verify", c.InFlight.Pass)
	}
	if dst.Size() < c.Size {
		return v, psn.Errorf(psn.InvalidInput, "the target has %d bytes, the committed disk %d: this is not its target", dst.Size(), c.Size)
	}
	_, manifest, err := loadManifest(dir)
	if err != nil {
		return v, err
	}
	defer func() { _ = manifest.Close() }()
	return readAll(ctx, dst, c.Size, manifest, progress)
}

// verifyBlock is a piece of the disk on its way from a reader, which hashes its
// leaves, to the one place that hashes the whole in order.
type verifyBlock struct {
	data   []byte
	leaves []Hash
	ready  chan struct{}
}

func readAll(ctx context.Context, dst Target, size int64, manifest *hashFile, progress func(Progress)) (v Verification, err error) {
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan *verifyBlock, verifyReaders) // in disk order
	free := make(chan []byte, 2*verifyReaders)
	for range cap(free) {
		free <- pages(unitSize)
	}
	type task struct {
		*verifyBlock
		off int64
	}
	tasks := make(chan task)
	g.Go(func() error {
		defer close(tasks)
		defer close(queue)
		for off := int64(0); off < size; off += unitSize {
			var buf []byte
			select {
			case buf = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			b := &verifyBlock{data: buf[:min(unitSize, size-off)], ready: make(chan struct{})}
			if !sendTo(ctx, queue, b) || !sendTo(ctx, tasks, task{b, off}) {
				return ctx.Err()
			}
		}
		return nil
	})
	for range verifyReaders {
		g.Go(func() error {
			for t := range tasks {
				if err := readStable(ctx, dst, t.data, t.off); err != nil {
					return err
				}
				for p := t.data; len(p) > 0; p = p[min(LeafSize, len(p)):] {
					t.leaves = append(t.leaves, hashOf(p[:min(LeafSize, len(p))]))
				}
				close(t.ready)
			}
			return nil
		})
	}
	whole, tree := sha256.New(), newMerkle()
	g.Go(func() error {
		start, last := time.Now(), time.Now()
		var leaf int64
		want := make([]Hash, unitSize/LeafSize)
		for b := range queue {
			select {
			case <-b.ready:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := manifest.read(leaf, want[:len(b.leaves)]); err != nil {
				return err
			}
			for i, got := range b.leaves {
				tree.add(got[:])
				if got != want[i] {
					if v.Mismatches++; v.Mismatches <= maxMismatches {
						v.MismatchedBlocks = append(v.MismatchedBlocks, leaf+int64(i))
					}
				}
			}
			leaf += int64(len(b.leaves))
			whole.Write(b.data)
			v.BytesRead += int64(len(b.data))
			free <- b.data[:unitSize]
			if now := time.Now(); progress != nil && (now.Sub(last) >= progressEvery || v.BytesRead == size) {
				last = now
				elapsed := now.Sub(start)
				progress(Progress{Done: v.BytesRead, Total: size, Read: v.BytesRead, Rate: float64(v.BytesRead) / max(elapsed.Seconds(), 1e-9), Elapsed: elapsed})
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return Verification{}, err
	}
	if v.BytesRead != size {
		return Verification{}, fmt.Errorf("read %d of %d bytes", v.BytesRead, size)
	}
	v.TargetRoot = tree.rootHash(size)
	v.SHA256 = "sha256:" + hex.EncodeToString(whole.Sum(nil))
	return v, nil
}

func sendTo[T any](ctx context.Context, ch chan<- T, v T) bool {
	select {
	case ch <- v:
		return true
	case <-ctx.Done():
		return false
	}
}
