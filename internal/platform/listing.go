package platform

import (
	"context"
	"slices"
	"sync"
	"time"
)

// listing is every object of one kind at a site: read in bulk, shared by all who
// ask, believed for a while. A change of ours is written through, so that
// neither a hundred creates nor a hundred deletes cost a hundred bulk reads.
type listing[T any] struct {
	ref   func(T) string
	order func(a, b T) int

	reading flight[[]T]

	mu      sync.Mutex
	all     []T // shared with callers, never changed
	known   bool
	readAt  time.Time // when the read began
	reads   uint64    // kept so far
	changes uint64    // of ours so far
	dropped uint64    // changes at the last drop
	own     map[string]written[T]
}

// written is an object after a change of ours; nil when deleted.
type written[T any] struct {
	seq uint64
	obj *T
}

// get returns all objects, read when what is known is older than ttl. fresh
// says that it was read for this call.
func (l *listing[T]) get(ctx context.Context, now func() time.Time, ttl time.Duration, read func(context.Context) ([]T, error)) (all []T, fresh bool, err error) {
	l.mu.Lock()
	all, young := l.all, l.known && now().Sub(l.readAt) < ttl
	reads := l.reads
	l.mu.Unlock()
	if young {
		return all, false, nil
	}
	all, err = l.reading.do(ctx, func(ctx context.Context) ([]T, error) {
		if all, ok := l.since(reads); ok {
			return all, nil // one ended between the look above and this
		}
		for {
			at, seq := now(), l.begin()
			got, err := read(ctx)
			if err != nil {
				return nil, err
			}
			if l.store(got, at, seq) {
				return got, nil
			}
		}
	})
	if err != nil {
		return nil, false, err
	}
	// Who joined a read that began before a change of its own sees the change.
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known {
		all = l.all
	}
	return all, true, nil
}

// find returns the objects that match. An absence is believed for a shorter time
// than a presence.
func (l *listing[T]) find(ctx context.Context, now func() time.Time, ttl time.Duration, read func(context.Context) ([]T, error), match func(T) bool) ([]T, error) {
	for _, age := range []time.Duration{ttl, min(ttl, absentTTL)} {
		all, fresh, err := l.get(ctx, now, age, read)
		if err != nil {
			return nil, err
		}
		var found []T
		for _, o := range all {
			if match(o) {
				found = append(found, o)
			}
		}
		if len(found) > 0 || fresh {
			return found, nil
		}
	}
	return nil, nil
}

// since returns what is known when a read was kept after that many.
func (l *listing[T]) since(reads uint64) ([]T, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all, l.known && l.reads > reads
}

func (l *listing[T]) begin() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changes
}

// store keeps a read that began at the given time and change, with the changes
// made since on top. It keeps nothing and reports false after a drop.
func (l *listing[T]) store(all []T, at time.Time, seq uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq < l.dropped {
		return false
	}
	l.all, l.readAt, l.known = all, at, true
	l.reads++
	for ref, o := range l.own {
		if o.seq <= seq {
			delete(l.own, ref) // the read saw it
			continue
		}
		l.apply(ref, o.obj)
	}
	return true
}

// wrote records the object of that ref as changed by us; nil says deleted.
func (l *listing[T]) wrote(ref string, obj *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes++
	if l.own == nil {
		l.own = map[string]written[T]{}
	}
	l.own[ref] = written[T]{l.changes, obj}
	if l.known {
		l.apply(ref, obj)
	}
}

// edit records a change of a part of the object of that ref; when the object is
// not known everything is forgotten instead.
func (l *listing[T]) edit(ref string, change func(*T)) {
	l.mu.Lock()
	i := slices.IndexFunc(l.all, func(o T) bool { return l.ref(o) == ref })
	if !l.known || i < 0 {
		l.mu.Unlock()
		l.drop()
		return
	}
	obj := l.all[i]
	l.mu.Unlock()
	change(&obj)
	l.wrote(ref, &obj)
}

// apply puts the object in its place, or takes it away. Callers hold the lock.
func (l *listing[T]) apply(ref string, obj *T) {
	l.all = slices.DeleteFunc(slices.Clone(l.all), func(o T) bool { return l.ref(o) == ref })
	if obj == nil {
		return
	}
	i, _ := slices.BinarySearchFunc(l.all, *obj, l.order)
	l.all = slices.Insert(l.all, i, *obj)
}

// drop forgets everything; a read under way is not kept.
func (l *listing[T]) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.known, l.own = nil, false, nil
	l.changes++
	l.dropped = l.changes
}
