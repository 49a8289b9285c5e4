package openstack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// settleTime bounds how long a service may contradict itself: not know an
// object that it has just made, or refuse a change because of one that it is
// still at.
const settleTime = 15 * time.Second

// settled calls f again while it answers one of the statuses, at most for
// settleTime. It is for requests that an earlier one of ours has made room for.
func (s *Site) settled(ctx context.Context, f func() error, statuses ...int) error {
	short, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		err := f()
		if !hasStatus(err, statuses...) || patience.Sleep(short, min(s.cfg.Poll, time.Second)) != nil {
			return err
		}
	}
}

// errUnlisted is in the error of listed when its time is up.
var errUnlisted = errors.New("is not listed as it should be")

// listed looks until a list, which may be behind, tells of what was just made, at
// most for settleTime.
func (s *Site) listed(ctx context.Context, what string, look func(context.Context) (bool, error)) error {
	short, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	err := s.wait(short, what+" to be listed", look)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return psn.Errorf(psn.Unavailable, "%s %w %s after it was made", what, errUnlisted, settleTime)
	}
	return err
}

// free is settled for requests about an object that may still be changing.
func (s *Site) free(ctx context.Context, f func() error) error {
	return s.settled(ctx, f, http.StatusConflict)
}

// hasStatus reports whether err is an answer with one of the HTTP statuses.
func hasStatus(err error, statuses ...int) bool {
	return slices.ContainsFunc(statuses, func(code int) bool { return isStatus(err, code) })
}

// gone reports whether err says that there is no such object.
func gone(err error) bool { return hasStatus(err, http.StatusNotFound) }

// answerTime is how long the answer to a request that makes something is waited
// for after the caller has given up.
const answerTime = 10 * time.Second

// callerKey is where post keeps the context of its caller, by which it is decided
// whether a request that was not served is sent again.
type callerKey struct{}

// caller is the context of whoever waits for a request.
func caller(ctx context.Context) context.Context {
	if c, ok := ctx.Value(callerKey{}).(context.Context); ok {
		return c
	}
	return ctx
}

// post sends a request that makes something, and waits for its answer for a while
// even when ctx ends meanwhile: a request that was left alone would go on at the
// service, unseen by whoever looks a moment later whether the object stands. One
// that the service did not serve is not sent again then.
func post(ctx context.Context, c *gophercloud.ServiceClient, path string, body, out any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	longer, cancel := context.WithCancelCause(context.WithValue(context.WithoutCancel(ctx), callerKey{}, ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() {
		if patience.Sleep(longer, answerTime) == nil {
			cancel(context.Cause(ctx))
		}
	})
	defer stop()
	return send(longer, c, http.MethodPost, path, body, out)
}
