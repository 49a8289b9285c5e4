package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// hash is the SHA-256 of a file, in lower-case hex.
func hash(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read only
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// upload is content on its way, telling the log of every tenth of it.
type upload struct {
	io.ReadCloser
	log         context.Context //nolint:containedctx // where the log goes
	image       string
	size, done  int64
	tenthLogged int64
}

func follow(ctx context.Context, content io.ReadCloser, image string, size int64) io.ReadCloser {
	return &upload{ReadCloser: content, log: ctx, image: image, size: max(1, size)}
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.done += int64(n)
	if tenth := u.done * 10 / u.size; tenth > u.tenthLogged {
		u.tenthLogged = tenth
		tflog.Info(u.log, "uploading image", map[string]any{"image": u.image, "bytes": u.done, "of": u.size, "percent": tenth * 10})
	}
	return n, err
}
