package openstack

import (
	"context"
	"sync"
)

// keyedLock is one lock per key. Keys are few (tenants, machines) and stay.
type keyedLock struct {
	mu sync.Mutex
	m  map[string]chan struct{}
}

// lock takes the key's lock and returns its unlock, or the context's error.
func (k *keyedLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.m == nil {
		k.m = map[string]chan struct{}{}
	}
	c, ok := k.m[key]
	if !ok {
		c = make(chan struct{}, 1)
		k.m[key] = c
	}
	k.mu.Unlock()
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
