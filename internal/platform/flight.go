package platform

import (
	"context"
	"sync"
)

// flight shares one running call among all who ask for it meanwhile. The call
// outlives a caller who gives up, and ends when the last one has.
type flight[T any] struct {
	mu  sync.Mutex
	cur *call[T]
}

type call[T any] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	val     T
	err     error
}

// do joins the running call or starts fn.
func (f *flight[T]) do(ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	f.mu.Lock()
	c := f.cur
	if c == nil {
		run, cancel := context.WithCancel(context.WithoutCancel(ctx))
		c = &call[T]{done: make(chan struct{}), cancel: cancel}
		f.cur = c
		go func() {
			defer cancel()
			c.val, c.err = fn(run)
			f.forget(c)
			close(c.done)
		}()
	}
	c.waiters++
	f.mu.Unlock()

	select {
	case <-c.done:
		return c.val, c.err
	case <-ctx.Done():
		f.leave(c)
		var zero T
		return zero, ctx.Err()
	}
}

// forget lets the next caller start a new call.
func (f *flight[T]) forget(c *call[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cur == c {
		f.cur = nil
	}
}

// leave cancels the call when nobody waits for it any more.
func (f *flight[T]) leave(c *call[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.waiters--
	if c.waiters == 0 {
		if f.cur == c {
			f.cur = nil
		}
		c.cancel()
	}
}
