package vsphere

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// claim is what a volume is known by of which its maker was not told yet that it
// was made. A file keeps no word of ours, but a disk keeps its UUID when its file
// is moved: the one seen before the move tells whose the volume is after it.
type claim struct {
	maker string
	id    string // the disk's UUID
}

// claims are by the volume's ref.
type claims struct {
	mu sync.Mutex
	m  map[string]claim
}

func (c *claims) of(ref string) (claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.m[ref]
	return v, ok
}

func (c *claims) set(ref string, v claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[string]claim{}
	}
	c.m[ref] = v
}

func (c *claims) end(ref string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, ref)
}

// claim notes, before a file becomes a volume, whose that one is.
func (s *Site) claim(ctx context.Context, spec driver.VolumeSpec, file string) error {
	if spec.Maker == "" {
		return nil
	}
	id, err := s.fileUUID(ctx, file)
	if err == nil {
		s.claims.set(volumeRef(spec.Tenant, spec.Name), claim{spec.Maker, id})
	}
	return err
}

// unanswered is the maker of a volume that was made here and whose maker was not
// told so yet; empty for any other.
func (s *Site) unanswered(ctx context.Context, v driver.Volume) (maker string, err error) {
	c, ok := s.claims.of(v.Ref)
	if !ok || v.AttachedTo != "" {
		return "", nil
	}
	id, err := s.fileUUID(ctx, volumePath(v.StorageClass, v.Tenant, v.Name))
	if isFault[types.FileNotFound](err) || err == nil && id != c.id {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return c.maker, nil
}

// unmade ends the claim to a volume when the move to its name came to nothing:
// whatever stands there is another's. Where it is not known what became of the move,
// or trying again may help, the volume may be there, or come, all the same.
func (s *Site) unmade(spec driver.VolumeSpec, said error) {
	var ended *taskError
	if errors.As(said, &ended) && !psn.Is(s.coded("make", said), psn.Unavailable) {
		s.claims.end(volumeRef(spec.Tenant, spec.Name))
	}
}

// onlyOne returns the volume that was just made. Another process may have made one
// of the same name on another datastore meanwhile: whoever sees that gives way,
// because what it has made holds nothing.
func (s *Site) onlyOne(ctx context.Context, spec driver.VolumeSpec, store string) (mine *driver.Volume, err error) {
	t, err := s.topology(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.volumeFiles(ctx, t, spec.Tenant)
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		switch {
		case v.Ref != volumeRef(spec.Tenant, spec.Name):
		case v.StorageClass == store:
			mine = &v
		default:
			s.claims.end(v.Ref)
			err = psn.Errorf(psn.AlreadyExists, "another made volume %s of tenant %s at the same time, on datastore %q, and this one gave way; where none is left, both did: try again", spec.Name, spec.Tenant, v.StorageClass)
			if left := s.deleteFile(ctx, volumePath(store, spec.Tenant, spec.Name)); left != nil {
				err = fmt.Errorf("%w; and the one on datastore %q is left: %w", err, store, left)
			}
			return nil, err
		}
	}
	if mine == nil { // removed meanwhile
		s.claims.end(volumeRef(spec.Tenant, spec.Name))
	}
	return mine, nil
}
