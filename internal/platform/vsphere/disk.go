package vsphere

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/vmware/govmomi/object"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/transport/httpsrange"
)

// Transport implements driver.DiskReader.
func (s *Site) Transport() string { return "datastore https range" }

// OpenDisk implements driver.DiskReader: it reads the disk's descriptor, then
// the flat file that the descriptor names, by ranges. Only a disk whose whole
// content is in one flat file can be read this way; others are psn.Unsupported.
func (s *Site) OpenDisk(ctx context.Context, r, snapshot string, disk driver.SnapshotDisk) (driver.DiskContent, error) {
	d, err := s.openDisk(ctx, disk)
	if err != nil {
		return nil, s.coded(fmt.Sprintf("open disk %d of virtual machine %s (%s)", disk.Key, r, disk.Path), err)
	}
	return d, nil
}

func (s *Site) openDisk(ctx context.Context, disk driver.SnapshotDisk) (driver.DiskContent, error) {
	var at object.DatastorePath
	if !at.FromString(disk.Path) || path.Ext(at.Path) != ".vmdk" {
		return nil, psn.Errorf(psn.Unsupported, "disk path %q is not \"[datastore] folder/file.vmdk\"", disk.Path)
	}
	text, err := s.download(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("read descriptor: %w", err)
	}
	flat, size, err := flatExtent(text)
	if err != nil {
		return nil, err
	}
	if size != disk.CapacityBytes {
		return nil, psn.Errorf(psn.Conflict, "descriptor says %d bytes, the machine %d: the disk was resized", size, disk.CapacityBytes)
	}
	content := object.DatastorePath{Datastore: at.Datastore, Path: path.Join(path.Dir(at.Path), flat)}
	d, err := httpsrange.Open(ctx, httpsrange.Options{
		Client:         &http.Client{Transport: s.conn.under(httpsrange.Tune(s.conn.base))},
		URL:            func(context.Context) (*url.URL, error) { return s.folderURL(content), nil },
		Authorize:      s.conn.authorize,
		Reauthenticate: s.conn.reauthenticate,
		Size:           size,
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// folderURL is where the vCenter serves a file of a datastore.
func (s *Site) folderURL(p object.DatastorePath) *url.URL {
	u := s.conn.soap.URL()
	u.Path = path.Join("/folder", p.Path)
	u.RawQuery = url.Values{"dcPath": {s.dcPath}, "dsName": {p.Datastore}}.Encode()
	return u
}

// descriptorLimit bounds a descriptor, which is some hundred bytes of text.
const descriptorLimit = 64 << 10

// download reads a small file of a datastore.
func (s *Site) download(ctx context.Context, p object.DatastorePath) (string, error) {
	for try := 0; ; try++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.folderURL(p).String(), nil)
		if err != nil {
			return "", err
		}
		if err := s.conn.authorize(req); err != nil {
			return "", err
		}
		res, err := (&http.Client{Transport: s.conn.wire}).Do(req) //nolint:bodyclose // patience.Drain does
		if err != nil {
			return "", err
		}
		if res.StatusCode == http.StatusUnauthorized && try == 0 {
			patience.Drain(res)
			if err := s.conn.reauthenticate(ctx); err != nil {
				return "", err
			}
			continue
		}
		return body(res, p)
	}
}

func body(res *http.Response, p object.DatastorePath) (string, error) {
	defer patience.Drain(res)
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return "", psn.Errorf(psn.Unauthenticated, "server answered %s for %s", res.Status, p.String())
	case http.StatusForbidden:
		return "", psn.Errorf(psn.Forbidden, "server answered %s for %s: the user needs Datastore.Browse and Datastore.FileManagement", res.Status, p.String())
	case http.StatusNotFound:
		return "", psn.Errorf(psn.NotFound, "%s does not exist", p.String())
	default:
		return "", psn.Errorf(psn.Unsupported, "server answered %s for %s: it does not serve this disk now (a running machine's disk needs a snapshot, and some datastores refuse even then)", res.Status, p.String())
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, descriptorLimit+1))
	if err == nil && len(b) > descriptorLimit {
		err = psn.Errorf(psn.Unsupported, "%s is not a descriptor: it is larger than %d bytes", p.String(), descriptorLimit)
	}
	return string(b), err
}

// flatExtent returns the one flat file that a VMDK descriptor names, and its
// size in bytes. A disk in several files, a difference to a parent and a
// compressed or sparse file are psn.Unsupported.
func flatExtent(descriptor string) (file string, size int64, err error) {
	if !strings.HasPrefix(descriptor, "# Disk DescriptorFile") {
		return "", 0, psn.Errorf(psn.Unsupported, "disk has no text descriptor: this transport reads flat disks only")
	}
	for line := range strings.Lines(descriptor) {
		line = strings.TrimSpace(line)
		if key, _, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(key), "parentFileNameHint") {
			return "", 0, psn.Errorf(psn.Unsupported, "disk is a difference to a parent disk: this transport reads flat disks only")
		}
		var access, kind string
		var sectors int64
		n, _ := fmt.Sscanf(line, "%s %d %s", &access, &sectors, &kind)
		if n < 3 || (access != "RW" && access != "RDONLY" && access != "NOACCESS") {
			continue
		}
		_, quotedName, _ := strings.Cut(line, `"`)
		name, rest, closed := strings.Cut(quotedName, `"`)
		offset := strings.TrimSpace(rest)
		switch {
		case file != "":
			return "", 0, psn.Errorf(psn.Unsupported, "disk is split over several files: this transport reads one flat file only")
		case kind != "VMFS" && kind != "FLAT", offset != "" && offset != "0":
			return "", 0, psn.Errorf(psn.Unsupported, "disk has an extent of type %s: this transport reads flat disks only", kind)
		case !closed || name == "" || name != path.Base(name) || name == "." || name == "..", sectors <= 0, sectors > 1<<53:
			return "", 0, psn.Errorf(psn.Corrupt, "descriptor has a malformed extent %q", line)
		}
		file, size = name, sectors<<9
	}
	if file == "" {
		return "", 0, psn.Errorf(psn.Corrupt, "descriptor names no extent")
	}
	return file, size, nil
}
