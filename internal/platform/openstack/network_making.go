package openstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Neutron lets several networks, and several security groups, of a project have
// one name. Processes that make one at the same time, of which each has found none,
// agree on the oldest before anything is put in any of them.

// sameNamed is a network or a security group, as far as those who make it tell it from
// others of its name.
type sameNamed interface {
	id() string
	born() string    // when it was made, to the second
	changed() string // when it was last changed, to the second
	making() bool    // it is not known to be whole
}

// makingTime bounds how long whoever makes a network or a security group is without
// a sign between two steps. After that it is taken for cut off, and whoever comes
// goes on with what it has left.
const makingTime = 20 * time.Second

// namesakes is what look lists, the oldest first, as soon as it tells who made it
// first: what is on its way out has gone, and own, when it is not empty, is listed,
// as a list may be behind. Those that stay are for the caller to refuse.
func namesakes[T sameNamed](ctx context.Context, s *Site, own string, look func(context.Context) ([]T, error)) (found []T, err error) {
	listed := false
	err = s.listed(ctx, "one that was made here", func(ctx context.Context) (bool, error) {
		seen, err := look(ctx)
		if err != nil {
			return false, err
		}
		found = seen
		slices.SortFunc(found, func(a, b T) int { return cmp.Or(cmp.Compare(a.born(), b.born()), cmp.Compare(a.id(), b.id())) })
		at := slices.IndexFunc(found, func(v T) bool { return v.id() == own })
		listed = own == "" || at >= 0
		return listed && (at > 0 || len(found) < 2 || !slices.ContainsFunc(found[1:], T.making)), nil
	})
	if listed && errors.Is(err, errUnlisted) {
		err = nil
	}
	return found, err
}

// agreed returns what was made here, which bears own for its id, when it is the
// oldest of its name. Else it is removed, as it is when that cannot be found out:
// it is empty. It is asked agreeAfter it was made, as with the disks of machines.
func agreed[T sameNamed](ctx context.Context, s *Site, c *gophercloud.ServiceClient, kind, path, own string, look func(context.Context) ([]T, error)) (mine T, err error) {
	var found []T
	if err = patience.Sleep(ctx, agreeAfter); err == nil {
		found, err = namesakes(ctx, s, own, look)
	}
	switch {
	case err != nil:
	case len(found) == 1:
		return found[0], nil
	case found[0].id() == own:
		err = several(kind, found)
	default:
		err = another(kind, found[0].id())
	}
	if left := s.cleanUp(ctx, func(ctx context.Context) error { return s.remove(ctx, c, path+"/"+own) }); left != nil {
		err = s.left(err, fmt.Sprintf("%s %s", kind, own), left)
	}
	return mine, err
}

// undisturbed returns v when it is whole, or once nothing of it has changed for
// makingTime, as when its making was cut off: the caller goes on with it. One that
// another process makes meanwhile is that process's.
func undisturbed[T sameNamed](ctx context.Context, s *Site, kind string, v T, read func(context.Context) (T, error)) (T, error) {
	since := time.Now()
	if at, err := time.Parse(time.RFC3339, v.changed()); err != nil || at.Before(since) {
		since = at // a clock that is ahead of ours, or tells nothing, keeps nobody longer than makingTime
	}
	if !v.making() {
		return v, nil
	}
	err := s.wait(ctx, "another process to make "+kind+" "+v.id(), func(ctx context.Context) (bool, error) {
		now, err := read(ctx)
		switch {
		case gone(err):
			return false, psn.Errorf(psn.AlreadyExists, "another process was making %s %s, and has removed it: apply again", kind, v.id())
		case err != nil:
			return false, err
		case !now.making():
			return false, another(kind, v.id())
		case now.changed() != v.changed():
			since = time.Now()
		}
		v = now
		return time.Since(since) >= makingTime, nil
	})
	return v, err
}

// another tells who came second. Not psn.Conflict: nothing of it is the caller's.
func another(kind, id string) error {
	return psn.Errorf(psn.AlreadyExists, "another process made %s %s at the same time, and was first: "+
		"take it out of one of the two configurations that declare it, or apply again to take over what stands", kind, id)
}

// several refuses more than one of a name. Not psn.Conflict: none of them is known
// to be the caller's.
func several[T sameNamed](kind string, found []T) error {
	return psn.Errorf(psn.AlreadyExists, "the tenant's project has %d of that name: %s: remove all but one, of equal ones the younger", len(found), dated(kind, found))
}

// dated tells people of which age each is.
func dated[T sameNamed](kind string, found []T) string {
	var out []string
	for _, v := range found {
		out = append(out, fmt.Sprintf("%s %q, made %s", kind, v.id(), cmp.Or(v.born(), "at a time that is not told")))
	}
	return strings.Join(out, "; ")
}
