package openstack

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// normalSilence is how long a service may be silent, before the answer and
// within it. What takes long on an OpenStack is answered at once and polled, but
// Nova asks other services before it answers, and waits for each.
const normalSilence = 2 * time.Minute

// silence gives up on a service that accepts a request and says nothing. Sending
// a body, such as an image's, counts as a sign of life.
type silence struct {
	next  http.RoundTripper
	limit time.Duration
}

// RoundTrip implements http.RoundTripper.
func (s *silence) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	silent := psn.Errorf(psn.Unavailable, "server accepted the request and gave no answer for %s: it, or something between, hangs", s.limit)
	w := &watch{silent: silent, limit: s.limit, ctx: ctx, cancel: cancel}
	w.timer = time.AfterFunc(s.limit, func() { cancel(silent) })
	req = req.Clone(ctx)
	if req.Body != nil {
		req.Body = watched{w, req.Body, false}
	}
	res, err := s.next.RoundTrip(req)
	if err != nil {
		w.timer.Stop()
		err = w.explain(err)
		cancel(nil)
		return nil, err
	}
	res.Body = watched{w, res.Body, true}
	return res, nil
}

// watch is one request that may not stall.
type watch struct {
	silent error
	limit  time.Duration
	timer  *time.Timer
	ctx    context.Context //nolint:containedctx // of the one request that is watched
	cancel context.CancelCauseFunc
}

// explain says that it was the silence that ended the request.
func (w *watch) explain(err error) error {
	if err != io.EOF && errors.Is(context.Cause(w.ctx), w.silent) { //nolint:errorlint // io.Reader's EOF is never wrapped
		return w.silent
	}
	return err
}

// watched is a body; last ends the watch with it.
type watched struct {
	*watch
	body io.ReadCloser
	last bool
}

func (b watched) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil {
		if b.last {
			b.timer.Stop()
		}
		return n, b.explain(err)
	}
	b.timer.Reset(b.limit)
	return n, nil
}

func (b watched) Close() error {
	err := b.body.Close()
	if b.last {
		b.timer.Stop()
		b.cancel(nil)
	}
	return err
}
