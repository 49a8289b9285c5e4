package vsphere

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
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
			patience.Drain(res)
			return nil, psn.Errorf(psn.Unavailable, "server answered %s", res.Status)
		default:
			return res, nil
		}
		patience.Drain(res)
		pause, asked := patience.RetryAfter(res)
		if !asked {
			pause = wait
		}
		if try == throttleTries || pause > throttleLongest {
			return nil, psn.Errorf(psn.Unavailable, "server is overloaded: answered %s to %d tries, asks to wait %s", res.Status, try, pause)
		}
		if err := patience.Sleep(req.Context(), pause); err != nil {
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
