package httpsrange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// DefaultRangeSize is how many bytes one request asks for at most.
const DefaultRangeSize = 1 << 20

// Options say how to reach a disk.
type Options struct {
	// Client sends the requests. Its transport should be one made by Tune; a
	// session cookie lives in its Jar. Its Timeout should be 0.
	Client *http.Client
	// URL is where the disk is. It is asked for before every request, since
	// some servers hand out addresses that expire. Its scheme must be https.
	URL func(ctx context.Context) (*url.URL, error)
	// Authorize, when not nil, adds credentials to a request.
	Authorize func(*http.Request) error
	// Reauthenticate, when not nil, makes a new session after a 401. Lanes that
	// fail together share one call. A second 401 after it is final.
	Reauthenticate func(ctx context.Context) error
	// Size is the disk's size in bytes when it is known; 0 asks the server, and
	// a server that says otherwise is refused (psn.Conflict).
	Size int64
	// RangeSize is the most that one request asks for; 0 means DefaultRangeSize.
	RangeSize int64
	// Patience is how long a read is retried without receiving anything before
	// it fails with psn.Unavailable; 0 means 5 minutes. The context ends it earlier.
	Patience time.Duration
	// RequestTimeout bounds one request; 0 means 2 minutes.
	RequestTimeout time.Duration
	// FirstDelay is the wait before the first retry, doubled for each further
	// one up to 30 s, with jitter; 0 means 250 ms.
	FirstDelay time.Duration
}

// Disk reads one disk. Its methods may be called concurrently.
type Disk struct {
	o    Options
	size int64

	session    sync.Mutex
	generation int // of the session, counted by reauthentications
}

// Open asks the server for one byte, which proves that the disk is there, that
// ranges work, and how large it is.
func Open(ctx context.Context, o Options) (*Disk, error) {
	if o.Client == nil || o.URL == nil {
		return nil, psn.Errorf(psn.InvalidInput, "httpsrange: Client and URL are both needed")
	}
	if o.RangeSize == 0 {
		o.RangeSize = DefaultRangeSize
	}
	if o.Patience == 0 {
		o.Patience = 5 * time.Minute
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = 2 * time.Minute
	}
	if o.FirstDelay == 0 {
		o.FirstDelay = 250 * time.Millisecond
	}
	if o.RangeSize < 1 || o.Size < 0 {
		return nil, psn.Errorf(psn.InvalidInput, "httpsrange: RangeSize %d and Size %d must not be negative", o.RangeSize, o.Size)
	}
	d := &Disk{o: o, size: -1}
	var first [1]byte
	if err := d.read(ctx, first[:], 0); err != nil {
		return nil, err
	}
	if o.Size != 0 && d.size != o.Size {
		return nil, psn.Errorf(psn.Conflict, "the server's disk has %d bytes, %d were expected: it was resized or is another one", d.size, o.Size)
	}
	return d, nil
}

// Size is the disk's size in bytes.
func (d *Disk) Size() int64 { return d.size }

// Close releases idle connections.
func (d *Disk) Close() error {
	d.o.Client.CloseIdleConnections()
	return nil
}

// ReadAt fills p from off or fails.
func (d *Disk) ReadAt(ctx context.Context, p []byte, off int64) error {
	if off < 0 || off > d.size-int64(len(p)) {
		return psn.Errorf(psn.InvalidInput, "bytes %d to %d are outside the disk of %d bytes", off, off+int64(len(p)), d.size)
	}
	for len(p) > 0 {
		n := min(int64(len(p)), d.o.RangeSize)
		if err := d.read(ctx, p[:n], off); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

// read fills p, retrying what may pass. Bytes that arrived before a connection
// broke are kept.
func (d *Disk) read(ctx context.Context, p []byte, off int64) error {
	var (
		retry   = backoff{first: d.o.FirstDelay}
		since   = time.Now()
		renewed bool
	)
	for {
		generation := d.sessionGeneration()
		n, err := d.request(ctx, p, off)
		p, off = p[n:], off+int64(n)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("read at byte %d: %w", off, context.Cause(ctx))
		}
		if n > 0 {
			retry.reset()
			since = time.Now()
		}
		var f *failure
		if !errors.As(err, &f) || f.final {
			return err
		}
		if f.status == http.StatusUnauthorized {
			if renewed || d.o.Reauthenticate == nil {
				return psn.Errorf(psn.Unauthenticated, "%w", err)
			}
			if err := d.renew(ctx, generation); err != nil {
				return psn.Errorf(psn.Unauthenticated, "the session ended and a new one was refused: %w", err)
			}
			renewed = true
			continue
		}
		delay := retry.next(f.retryAfter)
		if time.Since(since)+delay > d.o.Patience || f.status == http.StatusInternalServerError && retry.tries > 3 {
			return psn.Errorf(psn.Unavailable, "gave up after %d tries: %w", retry.tries, err)
		}
		if err := sleep(ctx, delay); err != nil {
			return fmt.Errorf("read at byte %d: %w (while waiting after: %w)", off, err, f)
		}
	}
}

func (d *Disk) sessionGeneration() int {
	d.session.Lock()
	defer d.session.Unlock()
	return d.generation
}

// renew makes a new session unless another lane did since generation.
func (d *Disk) renew(ctx context.Context, generation int) error {
	d.session.Lock()
	defer d.session.Unlock()
	if d.generation != generation {
		return nil
	}
	if err := d.o.Reauthenticate(ctx); err != nil {
		return err
	}
	d.generation++
	return nil
}

// request makes one request for p and returns how much of it arrived.
func (d *Disk) request(ctx context.Context, p []byte, off int64) (int, error) {
	u, err := d.o.URL(ctx)
	if err != nil {
		return 0, err
	}
	if u.Scheme != "https" {
		return 0, psn.Errorf(psn.Untrusted, "the disk's address has scheme %q: only https is used", u.Scheme)
	}
	ctx, cancel := context.WithTimeout(ctx, d.o.RequestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, psn.Errorf(psn.InvalidInput, "the disk's address is malformed")
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1))
	req.Header.Set("Accept-Encoding", "identity")
	if d.o.Authorize != nil {
		if err := d.o.Authorize(req); err != nil {
			return 0, err
		}
	}
	resp, err := d.o.Client.Do(req)
	if err != nil {
		return 0, connectFailure(u, err)
	}
	defer resp.Body.Close()
	if err := d.checkAnswer(resp, u, off, int64(len(p))); err != nil {
		drain(resp.Body)
		return 0, err
	}
	n, err := io.ReadFull(resp.Body, p)
	if err != nil {
		return n, &failure{where: place(u), err: fmt.Errorf("bytes %d to %d: %d arrived: %w", off, off+int64(len(p))-1, n, err)}
	}
	// One more read sees the end, so that the connection is used again.
	if extra, _ := resp.Body.Read(make([]byte, 1)); extra > 0 {
		return 0, final(psn.Corrupt, u, "the answer is longer than the %d bytes asked for", len(p))
	}
	return n, nil
}

// checkAnswer accepts exactly the range that was asked for.
func (d *Disk) checkAnswer(resp *http.Response, u *url.URL, off, n int64) error {
	if at := resp.Request.URL; at.Scheme != "https" {
		return final(psn.Untrusted, u, "the server redirects to %s://%s: only https is used", at.Scheme, at.Host)
	}
	if resp.StatusCode != http.StatusPartialContent {
		return d.refusal(resp, u, off, n)
	}
	first, last, total, err := parseContentRange(resp.Header.Get("Content-Range"))
	if err != nil {
		return final(psn.Corrupt, u, "%v", err)
	}
	if d.size < 0 {
		d.size = total // Open's request, before the disk is shared
	}
	if total != d.size {
		return final(psn.Conflict, u, "the disk had %d bytes and now has %d: it was resized or replaced while being read", d.size, total)
	}
	if first != off || last != off+n-1 {
		return final(psn.Corrupt, u, "asked for bytes %d to %d, the answer is of bytes %d to %d", off, off+n-1, first, last)
	}
	if resp.ContentLength >= 0 && resp.ContentLength != n {
		return final(psn.Corrupt, u, "asked for %d bytes, the answer announces %d", n, resp.ContentLength)
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return final(psn.Corrupt, u, "the answer is encoded as %q, a disk's bytes are needed as they are", enc)
	}
	return nil
}
