package patience

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

type bearingKey struct{}

// Bearing returns a context whose requests wait up to d for each sign of life.
func Bearing(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, bearingKey{}, d)
}

// Silence gives up, with code Unavailable, on a server that accepts a request and
// says nothing, before the answer or within it. Bytes of a body that is sent, such
// as an image's, count as a sign of life.
type Silence struct {
	Next  http.RoundTripper
	Limit time.Duration // unless the context bears another
	Most  time.Duration // whatever the context bears; 0 for no such bound
}

// RoundTrip implements http.RoundTripper.
func (s *Silence) RoundTrip(req *http.Request) (*http.Response, error) {
	limit, ok := req.Context().Value(bearingKey{}).(time.Duration)
	if !ok {
		limit = s.Limit
	}
	if s.Most > 0 {
		limit = min(limit, s.Most)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	silent := psn.Errorf(psn.Unavailable, "server accepted the request and gave no answer for %s: it, or something between, hangs", limit)
	w := &watch{silent: silent, limit: limit, ctx: ctx, cancel: cancel}
	w.timer = time.AfterFunc(limit, func() { cancel(silent) })
	req = req.Clone(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = watched{w, req.Body, false}
	}
	res, err := s.Next.RoundTrip(req)
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

// explain says that it was the silence that ended the request, also where the
// transport calls the cut connection an end: what was read may be a part.
func (w *watch) explain(err error) error {
	if errors.Is(context.Cause(w.ctx), w.silent) {
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
