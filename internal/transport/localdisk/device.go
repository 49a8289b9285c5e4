package localdisk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ByID is where Linux shows disks by identity.
const ByID = "/dev/disk/by-id"

// deviceWait is how long a device may take to appear when ctx has no deadline.
const deviceWait = 2 * time.Minute

var deviceIDRe = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// OpenDevice waits until the folder (ByID in production) shows the disk with
// the identity deviceID (lower-case hex), as "wwn-0x<id>" or "scsi-3<id>", and
// opens it. A device smaller than wantSize bytes is refused with
// psn.InvalidInput: it is not the disk that was meant. It waits until ctx ends,
// or two minutes when ctx has no deadline, and then fails with psn.NotFound.
func OpenDevice(ctx context.Context, folder, deviceID string, wantSize int64, o Options) (*Disk, error) {
	if !deviceIDRe.MatchString(deviceID) {
		return nil, psn.Errorf(psn.InvalidInput, "device id %q is malformed: use 8 to 64 lower-case hexadecimal digits without hyphens", deviceID)
	}
	if o.Create > 0 {
		return nil, psn.Errorf(psn.InvalidInput, "a device is opened by its identity, not created: leave Create out")
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, deviceWait)
		defer cancel()
	}
	path, err := waitForDevice(ctx, folder, deviceID)
	if err != nil {
		return nil, err
	}
	d, err := Open(path, o)
	if err != nil {
		return nil, err
	}
	if d.Size() < wantSize {
		size := d.Size()
		_ = d.Close()
		return nil, psn.Errorf(psn.InvalidInput, "device %s has %d bytes, the disk needs %d: check that the right disk is attached", path, size, wantSize)
	}
	return d, nil
}

func waitForDevice(ctx context.Context, folder, deviceID string) (string, error) {
	names := []string{"wwn-0x" + deviceID, "scsi-3" + deviceID}
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	for {
		for _, name := range names {
			path := filepath.Join(folder, name)
			switch _, err := os.Stat(path); { // follows the link: a stale one does not count
			case err == nil:
				return path, nil
			case !errors.Is(err, fs.ErrNotExist):
				return "", err
			}
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return "", ctx.Err()
			}
			return "", psn.Errorf(psn.NotFound, "no device %s appeared under %s: check that the disk is attached to this machine and that the hypervisor shows disk UUIDs (disk.EnableUUID on vSphere): %w",
				strings.Join(names, " or "), folder, ctx.Err())
		}
	}
}
