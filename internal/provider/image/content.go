package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/italia/terraform-provider-psn/internal/psn"
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

// asPlanned is the SHA-256 of a file, and an error when the plan says another.
func asPlanned(file, planned string) (string, error) {
	sum, err := hash(file)
	switch {
	case err != nil:
		return "", psn.Errorf(psn.InvalidInput, "file: %w", err)
	case planned != "" && sum != planned:
		return "", psn.Errorf(psn.Corrupt, "file %q is not the one that was planned: its SHA-256 is %s, the plan says %s. Nothing was uploaded: put the planned content back, or plan again, with sha256 corrected where it is declared", file, sum, planned)
	}
	return sum, nil
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
