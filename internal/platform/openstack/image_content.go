package openstack

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// content is an image on its way: it counts and hashes what passes. The end of
// content that is not what it should be is an error and not an end, so that the
// request breaks off and Glance never has the whole of it.
type content struct {
	from io.Reader
	size int64
	want string // SHA-256

	n      int64
	ours   hash.Hash // SHA-256, against want
	theirs hash.Hash // SHA-512, which Glance computes of what arrives
	whole  bool      // all of it was read, and was right
	err    error     // why it was not
}

func newContent(from io.Reader, size int64, sha string) *content {
	return &content{from: from, size: size, want: sha, ours: sha256.New(), theirs: sha512.New()}
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.from.Read(p)
	c.n += int64(n)
	c.ours.Write(p[:n])
	c.theirs.Write(p[:n])
	switch {
	case c.n > c.size:
		c.err = psn.Errorf(psn.Corrupt, "content is longer than the %d bytes that were announced", c.size)
	case errors.Is(err, io.EOF):
		c.err = c.end()
		if c.err == nil {
			return n, io.EOF
		}
	case err != nil:
		c.err = psn.Errorf(psn.CodeOf(err), "read content after %d bytes: %w", c.n, err)
	}
	if c.err != nil {
		return 0, c.err
	}
	return n, nil
}

func (c *content) end() error {
	if c.n < c.size {
		return psn.Errorf(psn.Corrupt, "content ends after %d of %d bytes", c.n, c.size)
	}
	if got := hex.EncodeToString(c.ours.Sum(nil)); got != c.want {
		return psn.Errorf(psn.Corrupt, "content has the SHA-256 %s, not %s", got, c.want)
	}
	c.whole = true
	return nil
}

// sha512 is the hash of what passed so far.
func (c *content) sha512() string { return hex.EncodeToString(c.theirs.Sum(nil)) }

// Seek implements io.Seeker for the client, which sends a request again from the
// start when its token was refused. That works until something was read.
func (c *content) Seek(offset int64, whence int) (int64, error) {
	if offset == 0 && whence == io.SeekStart && c.n == 0 {
		return 0, nil
	}
	c.err = psn.Errorf(psn.Unavailable, "the session ended after %d bytes were sent, and content can be read once: upload it again", c.n)
	return 0, c.err
}
