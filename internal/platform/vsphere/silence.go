package vsphere

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// How long the server may be silent, before the answer and within it. Whatever
// takes long on a vCenter is a task, which is polled; only one call computes
// long before it answers.
const (
	loginSilence  = 30 * time.Second
	normalSilence = 60 * time.Second
	partSilence   = 5 * time.Second // of what only tidies up
	longSilence   = 5 * time.Minute // QueryChangedDiskAreas, which grows with the disk
)

type silenceKey struct{}

// bearing returns a context whose requests wait d for each sign of life.
func bearing(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, silenceKey{}, d)
}

// silence gives up on a server that accepts a request and says nothing.
type silence struct {
	next  http.RoundTripper
	limit time.Duration // 0 for the constants above; tests shorten it
}

// RoundTrip implements http.RoundTripper.
func (s *silence) RoundTrip(req *http.Request) (*http.Response, error) {
	limit, ok := req.Context().Value(silenceKey{}).(time.Duration)
	if !ok {
		limit = normalSilence
	}
	if s.limit > 0 {
		limit = min(limit, s.limit)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	silent := psn.Errorf(psn.Unavailable, "server accepted the request and gave no answer for %s: it, or something between, hangs", limit)
	b := &watched{silent: silent, limit: limit, cancel: cancel, ctx: ctx}
	b.timer = time.AfterFunc(limit, func() { cancel(silent) })
	res, err := s.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		b.timer.Stop()
		err = b.explain(err)
		cancel(nil)
		return nil, err
	}
	b.body, res.Body = res.Body, b
	return res, nil
}

// watched is a body that may not stall.
type watched struct {
	body   io.ReadCloser
	silent error
	limit  time.Duration
	timer  *time.Timer
	ctx    context.Context //nolint:containedctx // of the one request that this is the answer to
	cancel context.CancelCauseFunc
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if err != nil {
		w.timer.Stop()
		return n, w.explain(err)
	}
	w.timer.Reset(w.limit)
	return n, nil
}

func (w *watched) Close() error {
	w.timer.Stop()
	err := w.body.Close()
	w.cancel(nil)
	return err
}

// explain says that it was the silence that ended the request.
func (w *watched) explain(err error) error {
	if err != io.EOF && errors.Is(context.Cause(w.ctx), w.silent) { //nolint:errorlint // io.Reader's EOF is never wrapped
		return w.silent
	}
	return err
}
