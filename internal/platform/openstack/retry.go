package openstack

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Limits of the patience with a service that does not serve.
const (
	retryTries   = 6
	retryBase    = 200 * time.Millisecond // doubled at each further try, half of it by chance
	retryLongest = 30 * time.Second
)

// retry sends a request again when that is safe. A service that says it did not
// serve (429, or 503 with Retry-After) had no part in it, nor had one that could
// not be dialled: whatever was asked, it may be asked again. Where the request
// may have been carried out (502, 504, a bare 503, a cut connection), only those
// are repeated that do no harm twice; a POST is for the caller to find again.
type retry struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	wait := retryBase
	for try := 1; ; try++ {
		res, err := t.next.RoundTrip(req)
		again, pause := verdict(req, res, err)
		if !again {
			return res, err
		}
		pause = max(pause, 0)
		if pause == 0 {
			pause = wait/2 + rand.N(wait/2) //nolint:gosec // so that clients do not come back at once; no secret
			wait = min(2*wait, retryLongest)
		}
		next, ok := rewound(req)
		if !ok || try == retryTries || pause > retryLongest || caller(req.Context()).Err() != nil {
			if err == nil && refused(res) {
				patience.Drain(res)
				return nil, psn.Errorf(psn.Unavailable, "service is overloaded: answered %s to %d tries, asks to wait %s", res.Status, try, pause)
			}
			return res, err
		}
		if res != nil {
			patience.Drain(res)
		}
		if err := patience.Sleep(caller(req.Context()), pause); err != nil {
			return nil, err
		}
		req = next
	}
}

// verdict says whether to send again and how long the service asks to wait; zero
// when it does not say.
func verdict(req *http.Request, res *http.Response, err error) (again bool, pause time.Duration) {
	if err != nil {
		var op *net.OpError
		dialled := errors.As(err, &op) && op.Op == "dial"
		var own *psn.Error // of the chain below: refused here, not trusted, or silent for long enough
		return (dialled || harmless(req.Method)) && trust.Untrusted(err) == nil && req.Context().Err() == nil && !errors.As(err, &own), 0
	}
	pause, _ = patience.RetryAfter(res)
	switch res.StatusCode {
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return harmless(req.Method), pause
	case http.StatusServiceUnavailable:
		return refused(res) || harmless(req.Method), pause
	}
	return refused(res), pause
}

// refused reports whether the service says that it did not serve.
func refused(res *http.Response) bool {
	_, dated := patience.RetryAfter(res)
	return res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable && dated
}

// harmless methods may be carried out twice.
func harmless(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// rewound is the request with its body from the start; false when the body can
// be read only once, as an image's.
func rewound(req *http.Request) (*http.Request, bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, true
	}
	if req.GetBody == nil {
		return req, false
	}
	body, err := req.GetBody()
	if err != nil {
		return req, false
	}
	r := req.Clone(req.Context())
	r.Body = body
	return r, true
}
