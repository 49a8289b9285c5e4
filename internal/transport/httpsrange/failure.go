package httpsrange

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// failure is a request that failed. Its text names the server and the path,
// never the query or a header, which may carry credentials.
type failure struct {
	where      string
	status     int // 0 when there was no answer
	retryAfter time.Duration
	final      bool
	err        error
}

func (f *failure) Error() string { return f.where + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func place(u *url.URL) string { return "https://" + u.Host + u.EscapedPath() }

func final(code psn.Code, u *url.URL, format string, args ...any) error {
	return &failure{where: place(u), final: true, err: psn.Errorf(code, format, args...)}
}

// connectFailure sorts errors of the connection: a server that is not who it
// should be is final, everything else may pass.
func connectFailure(u *url.URL, err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // url.Error prints the whole address
	}
	f := &failure{where: place(u), err: err}
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
	)
	switch {
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &hostname):
		f.final, f.err = true, psn.Errorf(psn.Untrusted, "the server's certificate is not trusted: give its CA or its SHA-256 fingerprint: %w", err)
	case psn.Is(err, psn.Untrusted):
		f.final = true
	}
	return f
}

// refusal makes an error of an answer that is not 206.
func (d *Disk) refusal(resp *http.Response, u *url.URL, off, n int64) error {
	s := resp.StatusCode
	switch s {
	case http.StatusOK:
		return final(psn.Unsupported, u, "the server ignores Range requests (answered 200 with the whole disk): use another transport")
	case http.StatusForbidden:
		return final(psn.Forbidden, u, "the account may not read the disk (403): give it the privilege to browse the datastore")
	case http.StatusNotFound, http.StatusGone:
		return final(psn.NotFound, u, "the disk is not there (%d): it was moved, or its snapshot was removed", s)
	case http.StatusRequestedRangeNotSatisfiable:
		return final(psn.Conflict, u, "bytes %d to %d lie past the end of the disk (416, %q): it was truncated or replaced", off, off+n-1, resp.Header.Get("Content-Range"))
	}
	f := &failure{where: place(u), status: s, err: fmt.Errorf("the server answered %d %s", s, http.StatusText(s))}
	switch s {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	default:
		f.final = true
		f.err = psn.Errorf(psn.Internal, "%w", f.err)
	}
	return f
}

// retryAfter reads RFC 9110 §10.2.3: seconds or a date; 0 when absent or malformed.
func retryAfter(v string, now time.Time) time.Duration {
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// parseContentRange reads "bytes first-last/total" (RFC 9110 §14.4).
func parseContentRange(v string) (first, last, total int64, err error) {
	bad := fmt.Errorf("the answer's Content-Range %q is not \"bytes first-last/total\"", v)
	spec, ok := strings.CutPrefix(v, "bytes ")
	span, size, ok2 := strings.Cut(spec, "/")
	from, to, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, 0, bad
	}
	for _, f := range []struct {
		text string
		to   *int64
	}{{from, &first}, {to, &last}, {size, &total}} {
		u, err := strconv.ParseUint(f.text, 10, 63)
		if err != nil {
			return 0, 0, 0, bad
		}
		*f.to = int64(u)
	}
	if first > last || last >= total {
		return 0, 0, 0, bad
	}
	return first, last, total, nil
}

// drain reads a little of a refused answer so that the connection can be used
// again; a long one is dropped with it.
func drain(body io.Reader) { _, _ = io.CopyN(io.Discard, body, 16<<10) }

const maxDelay = 30 * time.Second

// backoff doubles the delay with every try and spreads it by half, so that
// lanes do not come back together.
type backoff struct {
	first time.Duration
	tries int
}

func (b *backoff) reset() { b.tries = 0 }

func (b *backoff) next(atLeast time.Duration) time.Duration {
	d := min(b.first<<min(b.tries, 16), maxDelay)
	b.tries++
	return max(d/2+rand.N(d/2+1), atLeast)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
