package blockcopy

import (
	"bytes"
	"context"
	"unsafe"
)

// pages returns n bytes that start at a page, as direct I/O wants them.
func pages(n int) []byte {
	p := make([]byte, n+pageSize)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(p)))) & (pageSize - 1)
	return p[skip : skip+n : skip+n]
}

// lane copies one unit at a time. It owns its buffers.
type lane struct {
	*pass
	buf  []byte // the unit as it must become
	side []byte // what the target holds
}

func newLane(p *pass) *lane {
	side := LeafSize
	if p.job.Kind == KindCompare {
		side = unitSize
	}
	return &lane{pass: p, buf: pages(unitSize), side: pages(side)}
}

func (l *lane) run(ctx context.Context) error {
	for {
		u, ok := l.take()
		if !ok {
			return ctx.Err()
		}
		var o outcome
		var err error
		switch {
		case u.zero:
			o, err = l.zeroUnit(ctx, u)
		case l.job.Kind == KindCompare:
			o, err = l.compareUnit(ctx, u)
		default:
			o, err = l.copyUnit(ctx, u)
		}
		if err != nil {
			return err
		}
		l.finish(o)
	}
}

// zeroUnit makes a span outside the extents zero, unless it provably is.
func (l *lane) zeroUnit(ctx context.Context, u unit) (outcome, error) {
	o := outcome{unit: u}
	zero, err := provenZero(ctx, l.dst, u.Start, u.Length)
	if err != nil {
		return o, err
	}
	if !zero {
		if err := l.dst.Zero(ctx, u.Start, u.Length); err != nil {
			return o, err
		}
		o.result.ZeroedBytes = u.Length
		o.wrote = 3
	}
	full := u.Length / LeafSize
	if full > 0 {
		o.runs = append(o.runs, doneRun{u.firstLeaf(), uint32(full), zeroLeaf()})
	}
	if rest := u.Length % LeafSize; rest > 0 {
		clear(l.side[:rest])
		o.runs = append(o.runs, doneRun{u.firstLeaf() + full, 1, hashOf(l.side[:rest])})
	}
	return o, nil
}

// copyUnit brings the unit's extents over (seed and delta).
func (l *lane) copyUnit(ctx context.Context, u unit) (outcome, error) {
	o := outcome{unit: u}
	buf := l.buf[:u.Length]
	asked := within(nil, l.state.intent.Extents, u.Extent)
	if l.job.Kind == KindDelta {
		// A leaf whose state is not known cannot be completed from the target.
		for i := u.firstLeaf(); i < u.endLeaf(); i++ {
			if u.known>>(i-u.firstLeaf())&1 == 0 {
				asked = append(asked, Extent{i * LeafSize, leafLength(i, l.state.size)})
			}
		}
		asked = Normalize(asked, l.state.size)
	} else {
		clear(buf) // what a seed's extents leave out is zero
	}
	var err error
	for _, e := range asked {
		if err = l.readSource(ctx, u, e, &o.result); err != nil {
			return o, err
		}
	}
	known := make([]Hash, u.endLeaf()-u.firstLeaf())
	if err = l.state.next.read(u.firstLeaf(), known); err != nil {
		return o, err
	}
	var todo actions
	for k, want := range known {
		i := u.firstLeaf() + int64(k)
		e := Extent{i * LeafSize, leafLength(i, l.state.size)}
		leaf := buf[e.Start-u.Start : e.End()-u.Start]
		parts := within(nil, asked, e)
		if l.job.Kind == KindDelta && (len(parts) != 1 || parts[0] != e) {
			if err = l.complete(ctx, e, leaf, parts, want); err != nil {
				return o, err
			}
		}
		got := hashOf(leaf)
		o.runs = append(o.runs, doneRun{i, 1, got})
		if l.job.Kind == KindDelta && u.known>>k&1 == 1 && got == want {
			o.result.SkippedBytes += sum(parts)
			continue
		}
		o.wrote |= 1 << k
		if l.job.Kind == KindSeed {
			parts = []Extent{e}
		}
		if u.doubt>>k&1 == 1 {
			if parts, err = l.missing(ctx, e, leaf, asked, &o.result); err != nil {
				return o, err
			}
		}
		for _, part := range parts {
			todo.mark(u, buf, part)
		}
	}
	return o, l.apply(ctx, u, buf, &todo, &o.result)
}

// complete fills what the extents leave out of a leaf from the target, after
// checking that the target still holds what the manifest says.
func (l *lane) complete(ctx context.Context, e Extent, leaf []byte, parts []Extent, want Hash) error {
	held := l.side[:e.Length]
	if err := l.dst.ReadAt(ctx, held, e.Start); err != nil {
		return err
	}
	if hashOf(held) != want {
		return foreign(e.Start/LeafSize, l.job.Dir)
	}
	for _, p := range parts {
		copy(held[p.Start-e.Start:p.End()-e.Start], leaf[p.Start-e.Start:p.End()-e.Start])
	}
	copy(leaf, held)
	return nil
}

// missing returns the granules of a leaf in doubt that the target does not hold
// yet. The others were copied by the run that was interrupted.
func (l *lane) missing(ctx context.Context, e Extent, leaf []byte, asked []Extent, r *Result) (parts []Extent, err error) {
	held := l.side[:e.Length]
	if err := l.dst.ReadAt(ctx, held, e.Start); err != nil {
		return nil, err
	}
	for g := int64(0); g < e.Length; g += granule {
		end := min(g+granule, e.Length)
		if bytes.Equal(leaf[g:end], held[g:end]) {
			r.RecopiedBytes += sum(within(nil, asked, Extent{e.Start + g, end - g}))
			continue
		}
		parts = append(parts, Extent{e.Start + g, end - g})
	}
	return parts, nil
}

// compareUnit reads both sides and brings over the granules that differ.
func (l *lane) compareUnit(ctx context.Context, u unit) (outcome, error) {
	o := outcome{unit: u}
	buf, held := l.buf[:u.Length], l.side[:u.Length]
	if err := l.readSource(ctx, u, u.Extent, &o.result); err != nil {
		return o, err
	}
	if err := l.dst.ReadAt(ctx, held, u.Start); err != nil {
		return o, err
	}
	var todo actions
	for i := u.firstLeaf(); i < u.endLeaf(); i++ {
		k := i - u.firstLeaf()
		from, to := k*LeafSize, k*LeafSize+leafLength(i, l.state.size)
		o.runs = append(o.runs, doneRun{i, 1, hashOf(buf[from:to])})
		for g := from; g < to; g += granule {
			end := min(g+granule, to)
			if bytes.Equal(buf[g:end], held[g:end]) {
				if u.doubt>>k&1 == 1 {
					o.result.RecopiedBytes += end - g
				} else {
					o.result.SkippedBytes += end - g
				}
				continue
			}
			o.result.ChangedBytes += end - g
			o.wrote |= 1 << k
			todo.mark(u, buf, Extent{u.Start + g, end - g})
		}
	}
	return o, l.apply(ctx, u, buf, &todo, &o.result)
}

func (l *lane) readSource(ctx context.Context, u unit, e Extent, r *Result) error {
	if err := l.job.wait(ctx, e.Length); err != nil {
		return err
	}
	if err := l.src.ReadAt(ctx, l.buf[e.Start-u.Start:e.End()-u.Start], e.Start); err != nil {
		return err
	}
	r.ReadBytes += e.Length
	return nil
}

// actions says what to do with each granule of a unit.
type actions [unitSize / granule]action

type action uint8

const (
	leave action = iota
	write
	zero
)

// mark chooses the action for the granules that e touches.
func (a *actions) mark(u unit, buf []byte, e Extent) {
	for g := (e.Start - u.Start) / granule; g*granule < e.End()-u.Start; g++ {
		if a[g] != leave {
			continue
		}
		a[g] = write
		if allZero(buf[g*granule : min((g+1)*granule, u.Length)]) {
			a[g] = zero
		}
	}
}

// apply writes or zeroes runs of granules with the same action.
func (l *lane) apply(ctx context.Context, u unit, buf []byte, a *actions, r *Result) error {
	for g := int64(0); g*granule < u.Length; {
		end := g + 1
		for end*granule < u.Length && a[end] == a[g] {
			end++
		}
		from, to := g*granule, min(end*granule, u.Length)
		switch a[g] {
		case write:
			if err := l.dst.WriteAt(ctx, buf[from:to], u.Start+from); err != nil {
				return err
			}
			r.WrittenBytes += to - from
		case zero:
			if err := l.dst.Zero(ctx, u.Start+from, to-from); err != nil {
				return err
			}
			r.ZeroedBytes += to - from
		}
		g = end
	}
	return nil
}
