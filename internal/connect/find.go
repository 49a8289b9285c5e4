package connect

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Located is a machine where it was found.
type Located struct {
	At *platform.Site
	VM psn.VM
}

// UnseenError says which sites could not be looked at. Its code is that of the
// first of them.
type UnseenError struct {
	Sites []Unseen
}

// Unseen is a site that could not be looked at, and why.
type Unseen struct {
	Site     psn.Site
	Platform psn.Platform
	Err      error
}

// Error implements error.
func (e *UnseenError) Error() string {
	var lines []string
	for _, s := range e.Sites {
		lines = append(lines, s.Err.Error())
	}
	return fmt.Sprintf("%d sites could not be looked at: %s", len(e.Sites), strings.Join(lines, "; "))
}

// Unwrap returns the reasons.
func (e *UnseenError) Unwrap() []error {
	var errs []error
	for _, s := range e.Sites {
		errs = append(errs, s.Err)
	}
	return errs
}

// FindVM looks for the machines of an id at all sites at once, in each site's
// cached inventory: an active one and its standby, at most one per site and
// platform. They come in the canonical order of sites. What was found is
// returned even with an error, which is an *UnseenError: the machine may stand
// at a site that it names. No machine and no error means that there is none.
func (f *Fleet) FindVM(ctx context.Context, id psn.VMID) ([]Located, error) {
	seats := f.seats()
	vms, errs := make([]*psn.VM, len(seats)), make([]error, len(seats))
	var wg sync.WaitGroup
	for i, k := range seats {
		wg.Go(func() { vms[i], errs[i] = f.sites[k].FindVM(ctx, id) })
	}
	wg.Wait()
	var found []Located
	var unseen []Unseen
	for i, k := range seats {
		switch {
		case errs[i] == nil:
			found = append(found, Located{f.sites[k], *vms[i]})
		case !psn.Is(errs[i], psn.NotFound):
			unseen = append(unseen, Unseen{k.site, k.platform, errs[i]})
		}
	}
	if len(unseen) > 0 {
		return found, &UnseenError{unseen}
	}
	return found, nil
}
