package blockcopy

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// state is what the manifest and the ledger say about every leaf of the target.
type state struct {
	size   int64
	header ledgerHeader
	intent intent // of the pass in flight
	mark   int64  // leaves below may have been written under intent
	next   *hashFile

	done  *bitmap // on stable storage with the content of intent's pass
	known *bitmap // next holds the hash of what the target holds
	doubt *bitmap // an interrupted run may have written it
}

func newState(size int64, hasBase bool, next *hashFile) *state {
	n := leafCount(size)
	s := &state{size: size, next: next, done: newBitmap(n), known: newBitmap(n), doubt: newBitmap(n)}
	if hasBase {
		s.known.fill()
	}
	return s
}

func (s *state) sink() entrySink {
	return entrySink{
		header: func(h ledgerHeader) error { s.header = h; return nil },
		intent: func(in intent) error { s.begin(in); return nil },
		done:   s.apply,
		mark:   func(off int64) error { s.mark = max(s.mark, off); return nil },
	}
}

// begin enters a new intent; what the one before left open is in doubt.
func (s *state) begin(in intent) {
	s.interrupt()
	s.intent = in
	s.mark = 0
	s.done.clear()
	if in.Kind != KindDelta {
		s.known.clear() // a seed or compare trusts nothing that was there before
	}
}

// interrupt marks as doubtful what may have been written and is not recorded.
func (s *state) interrupt() {
	ranges := leafRanges(s.intent.Extents, s.size)
	if s.intent.Kind == KindSeed {
		ranges = wholeDisk(s.size)
	}
	for _, r := range ranges {
		if r.Start >= s.mark {
			break
		}
		for i := r.Start / LeafSize; i < leafCount(min(r.End(), s.mark)); i++ {
			if !s.done.get(i) {
				s.doubt.set(i)
				s.known.unset(i)
			}
		}
	}
}

func (s *state) apply(d doneRun) error {
	if d.leaf < 0 || d.leaf > s.done.n || int64(d.count) > s.done.n-d.leaf {
		return errors.New("a record names a block past the end of the disk")
	}
	for i := d.leaf; i < d.leaf+int64(d.count); i++ {
		s.done.set(i)
		s.known.set(i)
		s.doubt.unset(i)
	}
	return s.next.write(d.leaf, d.count, d.sum)
}

// doneBytes is how much of the pass is recorded.
func (s *state) doneBytes() int64 {
	n := s.done.count() * LeafSize
	if last := leafCount(s.size) - 1; last >= 0 && s.done.get(last) {
		n -= LeafSize - leafLength(last, s.size)
	}
	return n
}

// spotCheck reads a few blocks whose content is known back from the target, so
// that a ledger is not applied to another disk's target or to one that was
// written by somebody else. It costs at most spotChecks blocks.
func (s *state) spotCheck(ctx context.Context, dst Target, dir string) error {
	buf := pages(LeafSize)
	for section := range int64(spotChecks) {
		from, to := section*s.known.n/spotChecks, (section+1)*s.known.n/spotChecks
		i, want, err := s.pick(from, to)
		if err != nil {
			return err
		}
		if i < 0 {
			continue
		}
		p := buf[:leafLength(i, s.size)]
		if err := dst.ReadAt(ctx, p, i*LeafSize); err != nil {
			return err
		}
		if hashOf(p) != want {
			return foreign(i, dir)
		}
	}
	return nil
}

const spotChecks = 8

// pick chooses a leaf of [from, to) that is known and not all zero, or -1.
func (s *state) pick(from, to int64) (int64, Hash, error) {
	if from >= to {
		return -1, Hash{}, nil
	}
	var sums [128]Hash
	start := from + rand.Int64N(to-from)
	for _, r := range [][2]int64{{start, to}, {from, start}} {
		for first := r[0]; first < min(r[1], r[0]+32*int64(len(sums))); first += int64(len(sums)) {
			n := min(int64(len(sums)), r[1]-first)
			if err := s.next.read(first, sums[:n]); err != nil {
				return -1, Hash{}, err
			}
			for k := range n {
				if s.known.get(first+k) && sums[k] != zeroLeaf() {
					return first + k, sums[k], nil
				}
			}
		}
	}
	return -1, Hash{}, nil
}

func foreign(leaf int64, dir string) error {
	return psn.Errorf(psn.Corrupt, "block %d of the target does not hold what the records in %s say: it is another disk's target or somebody wrote to it; check that target and folder belong together, then run a compare pass", leaf, dir)
}
