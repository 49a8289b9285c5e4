package vsphere

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Limits of the patience with an overloaded server.
const (
	throttleTries   = 6
	throttleBase    = 100 * time.Millisecond
	throttleLongest = 30 * time.Second
)

// throttle repeats requests that the server refused to serve (429, 503): such a
// request had no effect, so repeating it is safe whatever it asked.
type throttle struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *throttle) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := replayable(req)
	if err != nil {
		return nil, err
	}
	wait := throttleBase
	for try := 1; ; try++ {
		r := req.Clone(req.Context())
		if body != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		res, err := t.next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		switch res.StatusCode {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		case http.StatusBadGateway, http.StatusGatewayTimeout:
			drain(res)
			return nil, psn.Errorf(psn.Unavailable, "server answered %s", res.Status)
		default:
			return res, nil
		}
		drain(res)
		pause := retryAfter(res, wait)
		if try == throttleTries || pause > throttleLongest {
			return nil, psn.Errorf(psn.Unavailable, "server is overloaded: answered %s to %d tries, asks to wait %s", res.Status, try, pause)
		}
		if err := sleep(req.Context(), pause); err != nil {
			return nil, err
		}
		wait = min(2*wait, throttleLongest)
	}
}

// replayable reads a request's body so that it can be sent again. Everything
// this package sends is small; disk content only travels in responses.
func replayable(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	b, err := io.ReadAll(req.Body)
	return b, errors.Join(err, req.Body.Close())
}

func drain(res *http.Response) {
	// Reading to the end lets the connection be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
}

// retryAfter is the server's wish in seconds or as a date, else fallback.
func retryAfter(res *http.Response, fallback time.Duration) time.Duration {
	v := res.Header.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil && s >= 0 {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(time.Until(at), 0)
	}
	return fallback
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
