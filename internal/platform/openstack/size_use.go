package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// sizeUses counts the calls that are about to use a flavour, so that one that
// was made for a call that failed is not taken away from another.
type sizeUses struct {
	mu sync.Mutex
	of map[string]*sizeUse // by id
}

type sizeUse struct {
	calls int
	made  bool // by one of these calls
}

func (u *sizeUses) hold(id string, made bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.of == nil {
		u.of = map[string]*sizeUse{}
	}
	if u.of[id] == nil {
		u.of[id] = &sizeUse{}
	}
	u.of[id].calls++
	u.of[id].made = u.of[id].made || made
}

// drop ends a use and reports whether it was the last of a flavour made here.
func (u *sizeUses) drop(id string) (lastOfMade bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	use := u.of[id]
	if use == nil {
		return false
	}
	if use.calls--; use.calls > 0 {
		return false
	}
	delete(u.of, id)
	return use.made
}

// lockSizes holds the private flavours of a tenant.
func (s *Site) lockSizes(ctx context.Context, t psn.TenantID) (unlock func(), err error) {
	return s.tenants.lock(ctx, "size/"+string(t))
}

// doneWithSize ends the plan's use of its flavour. When the call failed for good
// (cause), one that was made for it and that no server has goes with it.
func (s *Site) doneWithSize(ctx context.Context, p *plan, cause error) error {
	if p.size == "" {
		return cause
	}
	if code, _ := s.classify(cause); cause == nil || code == psn.Unavailable {
		s.sizes.drop(p.size)
		return cause
	}
	err := s.cleanUp(ctx, func(ctx context.Context) error {
		unlock, err := s.lockSizes(ctx, p.ID.Tenant())
		if err != nil {
			return err
		}
		defer unlock()
		if !s.sizes.drop(p.size) {
			return nil
		}
		return s.removeUnusedSize(ctx, p.size)
	})
	if err != nil {
		return s.left(cause, fmt.Sprintf("flavour %s, made for it,", p.size), err)
	}
	return cause
}

// removeUnusedSize removes a flavour that no server has.
func (s *Site) removeUnusedSize(ctx context.Context, id string) error {
	c, err := s.compute(ctx, "")
	if err != nil {
		return err
	}
	used, err := list(ctx, c, "servers", url.Values{"all_tenants": {"1"}, "flavor": {id}}, "servers", named.id)
	if err != nil || len(used) > 0 {
		return err
	}
	return ignoring(send(ctx, c, http.MethodDelete, "flavors/"+url.PathEscape(id), nil, nil), http.StatusNotFound)
}
