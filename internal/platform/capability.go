package platform

import (
	"context"
	"errors"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// capable calls f, as try does, with the open driver as a C. A driver that is
// none is psn.Unsupported, with the platform that has the notions.
func capable[C any](ctx context.Context, s *Site, what string, f func(C) error, notions ...driver.Notion) error {
	return s.at(s.try(ctx, func(d driver.Site) error {
		c, err := capability[C](d, s.platform, what, notions)
		if err != nil {
			return err
		}
		return f(c)
	}))
}

func capability[C any](d driver.Site, p psn.Platform, what string, notions []driver.Notion) (C, error) {
	c, ok := d.(C)
	if ok {
		return c, nil
	}
	var lacks []error
	for _, n := range notions {
		lacks = append(lacks, n.On(p))
	}
	if err := errors.Join(lacks...); err != nil {
		return c, psn.Errorf(psn.Unsupported, "%w", err)
	}
	return c, psn.Errorf(psn.Unsupported, "platform %q offers no %s here", p, what)
}

// kind is how one kind of objects is read: the listing that keeps them and what
// the driver has to be.
type kind[C, T any] struct {
	what    string
	notions []driver.Notion
	kept    *listing[T]
	read    func(C, context.Context) ([]T, error)
}

func (k kind[C, T]) reader(s *Site) func(context.Context) ([]T, error) {
	return func(ctx context.Context) (all []T, err error) {
		err = s.try(ctx, func(d driver.Site) error {
			c, err := capability[C](d, s.platform, k.what, k.notions)
			if err != nil {
				return err
			}
			all, err = k.read(c, ctx)
			return err
		})
		return all, err
	}
}

func (k kind[C, T]) list(ctx context.Context, s *Site) ([]T, error) {
	all, _, err := k.kept.get(ctx, s.now, s.ttl, k.reader(s))
	return all, s.at(err)
}

// find returns the object that matches and has the ref, when one is given. None
// is psn.NotFound that calls it by the name. Several are psn.Conflict: whoever
// changes or deletes the one must not be given the other.
func (k kind[C, T]) find(ctx context.Context, s *Site, name, ref string, match func(T) bool) (*T, error) {
	found, err := k.kept.find(ctx, s.now, s.ttl, k.reader(s), func(o T) bool {
		return match(o) && (ref == "" || k.kept.ref(o) == ref)
	})
	switch {
	case err != nil:
	case len(found) == 0:
		err = psn.Errorf(psn.NotFound, "%s %q does not exist", k.what, name)
	case len(found) > 1:
		err = psn.Errorf(psn.Conflict, "there are %d of the name %q (%s, %s), and nothing says which %s is meant: rename or remove all but one",
			len(found), name, k.kept.ref(found[0]), k.kept.ref(found[1]), k.what)
	default:
		return &found[0], nil
	}
	return nil, s.at(err)
}

// write makes or changes one object and writes it through. A failure may have
// changed something all the same: then everything is read again when asked for.
func (k kind[C, T]) write(ctx context.Context, s *Site, f func(C) (*T, error)) (obj *T, err error) {
	err = capable(ctx, s, k.what, func(c C) (err error) {
		obj, err = f(c)
		return err
	}, k.notions...)
	if err != nil {
		k.kept.drop()
		return nil, err
	}
	k.kept.wrote(k.kept.ref(*obj), obj)
	return obj, nil
}

// remove deletes one object and forgets it.
func (k kind[C, T]) remove(ctx context.Context, s *Site, ref string, f func(C) error) error {
	if err := capable(ctx, s, k.what, f, k.notions...); err != nil {
		k.kept.drop()
		return err
	}
	k.kept.wrote(ref, nil)
	return nil
}
