package patience_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header      string
		least, most time.Duration
		ok          bool
	}{
		{header: ""},
		{header: "soon"},
		{header: "-1"},
		{header: "99999999999"},
		{header: "0", ok: true},
		{header: "7", least: 7 * time.Second, most: 7 * time.Second, ok: true},
		{header: time.Now().Add(time.Minute).UTC().Format(http.TimeFormat), least: 50 * time.Second, most: time.Minute, ok: true},
		{header: time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat), ok: true},
	} {
		got, ok := patience.RetryAfter(&http.Response{Header: http.Header{"Retry-After": {c.header}}})
		if ok != c.ok || got < c.least || got > c.most {
			t.Errorf("Retry-After %q: %s %t, want %s to %s %t", c.header, got, ok, c.least, c.most, c.ok)
		}
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := patience.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if err := patience.Sleep(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}

const limit = 300 * time.Millisecond

// client of a server that answers as serve does.
func client(t *testing.T, serve http.HandlerFunc) (*http.Client, string) {
	t.Helper()
	srv := httptest.NewServer(serve)
	t.Cleanup(srv.Close)
	return &http.Client{Transport: &patience.Silence{Next: http.DefaultTransport, Limit: limit}, Timeout: 30 * time.Second}, srv.URL
}

func isSilence(err error) bool {
	return psn.Is(err, psn.Unavailable) && strings.Contains(err.Error(), "gave no answer for")
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	c, url := client(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if _, err := c.Get(url); !isSilence(err) { //nolint:bodyclose // there is none
		t.Errorf("err = %v", err)
	}
}

func TestAnswerThatStalls(t *testing.T) {
	t.Parallel()
	c, url := client(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the first ")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if b, err := io.ReadAll(res.Body); string(b) != "the first " || !isSilence(err) {
		t.Errorf("%q %v", b, err)
	}
}

// TestSlowButAlive sends and answers byte by byte, for longer than the limit.
func TestSlowButAlive(t *testing.T) {
	t.Parallel()
	c, url := client(t, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		for _, b := range sent {
			time.Sleep(limit / 10)
			_, _ = w.Write([]byte{b})
			w.(http.Flusher).Flush()
		}
	})
	const text = "a long image, in pieces"
	slow := iotest.OneByteReader(readerFunc(func(p []byte) (int, error) {
		time.Sleep(limit / 10)
		return copy(p, "x"), nil
	}))
	res, err := c.Post(url, "text/plain", io.LimitReader(slow, int64(len(text))))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if b, err := io.ReadAll(res.Body); len(b) != len(text) || err != nil {
		t.Errorf("%d bytes of %d came back: %v", len(b), len(text), err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestPatienceOfOneRequest(t *testing.T) {
	t.Parallel()
	c, url := client(t, func(http.ResponseWriter, *http.Request) { time.Sleep(2 * limit) })
	req, err := http.NewRequestWithContext(patience.Bearing(t.Context(), 20*limit), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}
