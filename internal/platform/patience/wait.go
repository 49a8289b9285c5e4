package patience

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// RetryAfter is the server's wish to be asked again later, in seconds or as a date
// (RFC 9110 §10.2.3); false when it has none.
func RetryAfter(res *http.Response) (time.Duration, bool) {
	v := res.Header.Get("Retry-After")
	if s, err := strconv.ParseInt(v, 10, 32); err == nil && s >= 0 {
		return time.Duration(s) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(time.Until(at), 0), true
	}
	return 0, false
}

// Drain reads a small answer that nobody wants to its end, so that its connection
// can be used again.
func Drain(res *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
}

// Sleep waits d, or returns the context's error as soon as it ends.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
