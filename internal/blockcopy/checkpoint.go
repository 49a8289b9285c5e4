package blockcopy

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// checkpointUntil makes checkpoints on time and on demand until end is closed
// or one fails.
func (p *pass) checkpointUntil(ctx context.Context, end <-chan struct{}) error {
	t := time.NewTicker(checkpointEvery)
	defer t.Stop()
	p.wake() // open the first window
	for {
		select {
		case <-end:
			return nil
		case <-t.C:
		case <-p.kick:
		}
		if err := p.checkpoint(ctx); err != nil {
			return err
		}
	}
}

// checkpoint makes durable what lanes have finished and opens the next window.
func (p *pass) checkpoint(ctx context.Context) error {
	p.mu.Lock()
	batch := p.pending
	p.pending = nil
	mark := p.advance()
	moved := mark > p.mark
	p.mu.Unlock()
	if len(batch) == 0 && !moved {
		return nil
	}
	if len(batch) > 0 {
		if err := p.dst.Flush(ctx); err != nil {
			return err
		}
		if err := p.job.at("target flushed"); err != nil {
			return err
		}
		if p.job.Readback {
			if err := p.readBack(ctx, batch); err != nil {
				return err
			}
		}
	}
	var payload []byte
	var weight int64
	for _, o := range batch {
		weight += o.unit.weight()
		for _, d := range o.runs {
			payload = appendDone(payload, d)
		}
	}
	if moved {
		payload = appendMark(payload, mark)
	}
	if err := p.ledger.append(payload, false, p.job.at); err != nil {
		return err
	}
	if err := p.job.at("ledger synced"); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range batch {
		for _, d := range o.runs {
			if err := p.state.apply(d); err != nil {
				return err
			}
		}
	}
	p.mark = mark
	p.adapt(weight)
	p.cond.Broadcast()
	return nil
}

// advance moves the scout so that a window of work lies before the lanes, and
// returns where it stands. Called with p.mu held.
func (p *pass) advance() int64 {
	mark := p.mark
	for p.ahead < p.window && !p.scouted {
		u, ok := p.scout.next()
		if !ok {
			p.scouted = true
			break
		}
		p.ahead += u.weight()
		mark = u.End()
	}
	return mark
}

// adapt makes the window fit the pace: lanes should not wait for a checkpoint,
// nor should more be in doubt after a crash than needed. Called with p.mu held.
func (p *pass) adapt(weight int64) {
	switch {
	case p.starved:
		p.window = min(2*p.window, maxWindow)
	case weight < p.window/8:
		p.window = max(p.window/2, p.job.leastWindow())
	}
	p.starved = false
}

// readBack compares what is on stable storage with the hashes taken on read.
func (p *pass) readBack(ctx context.Context, batch []outcome) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, p.job.Lanes/2))
	for _, o := range batch {
		g.Go(func() error {
			buf := pages(LeafSize)
			for r, d := range o.runs {
				if o.wrote>>r&1 == 0 {
					continue
				}
				if err := p.readBackRun(ctx, d, buf); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func (p *pass) readBackRun(ctx context.Context, d doneRun, buf []byte) error {
	for i := d.leaf; i < d.leaf+int64(d.count); i++ {
		leaf := buf[:leafLength(i, p.state.size)]
		if d.count > 1 { // only runs of zeros have more than one
			if ok, err := provenZero(ctx, p.dst, i*LeafSize, int64(len(leaf))); err != nil || ok {
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := readStable(ctx, p.dst, leaf, i*LeafSize); err != nil {
			return err
		}
		if got := hashOf(leaf); got != d.sum {
			return psn.Errorf(psn.Corrupt, "read-back of block %d (bytes %d to %d): the target holds %x, %x was written; check the target's storage, then run the pass again", i, i*LeafSize, i*LeafSize+int64(len(leaf)), got, d.sum)
		}
	}
	return nil
}

func readStable(ctx context.Context, t Target, p []byte, off int64) error {
	if s, ok := t.(StableReader); ok {
		return s.ReadStable(ctx, p, off)
	}
	return t.ReadAt(ctx, p, off)
}

func provenZero(ctx context.Context, t Target, off, n int64) (bool, error) {
	if z, ok := t.(ZeroProver); ok {
		return z.ReadsZero(ctx, off, n)
	}
	return false, nil
}
