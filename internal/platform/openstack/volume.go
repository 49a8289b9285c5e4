package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Volumes = (*Site)(nil)

// Volumes implements driver.Volumes in two requests and one for each further
// page. The disks of machines are among them: here they are volumes.
func (s *Site) Volumes(ctx context.Context) ([]driver.Volume, error) {
	out, err := s.volumes(ctx)
	return out, s.fault(err, "list volumes")
}

func (s *Site) volumes(ctx context.Context) ([]driver.Volume, error) {
	c, err := s.volume(ctx, "")
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, c, "volumes/detail", url.Values{"all_tenants": {"True"}}, "volumes", cinderVolume.id)
	if err != nil {
		return nil, err
	}
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return nil, err
	}
	out := []driver.Volume{}
	for _, v := range found {
		if t := tenants[v.ProjectID]; t != "" {
			out = append(out, v.observed(t))
		}
	}
	slices.SortFunc(out, compareVolumes)
	return out, nil
}

// CreateVolume implements driver.Volumes. A volume that could not be made is
// removed before the error is returned, which says what Cinder said.
func (s *Site) CreateVolume(ctx context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	v, err := s.createVolume(ctx, spec)
	return v, s.fault(err, fmt.Sprintf("create volume %q of tenant %q", spec.Name, spec.Tenant))
}

func (s *Site) createVolume(ctx context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	if err := checkVolume(spec); err != nil {
		return nil, err
	}
	project, err := s.projectOf(ctx, spec.Tenant)
	if err != nil {
		return nil, err
	}
	c, err := s.volume(ctx, project)
	if err != nil {
		return nil, err
	}
	unlock, err := s.objects.lock(ctx, "volume/"+project+"/"+spec.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	image := ""
	if spec.Image != "" {
		img, err := s.imageFor(ctx, project, spec.Image)
		if err != nil {
			return nil, err
		}
		image = img.ID
	}
	v, err := s.volumeNamed(ctx, c, spec, image)
	if err == nil && v == nil {
		v, err = s.postVolume(ctx, c, spec, image)
	}
	if err == nil && v.making() {
		v, err = s.agreedVolume(ctx, c, spec, image, v)
	}
	if err != nil {
		return nil, err
	}
	if v, err = s.volumeReady(ctx, c, v.ID, v.making()); err != nil {
		return nil, err
	}
	if spec.Maker != "" && !v.of(spec) {
		return nil, psn.Errorf(psn.AlreadyExists, "another took volume %q (%s) over while it was being made", v.Name, v.ID)
	}
	s.volumeMade(ctx, c, spec, v)
	out := v.observed(spec.Tenant)
	return &out, nil
}

func (s *Site) postVolume(ctx context.Context, c *gophercloud.ServiceClient, spec driver.VolumeSpec, image string) (*cinderVolume, error) {
	// Cinder may be set to put a volume elsewhere when it does not know the zone.
	if err := checkZone(ctx, c, spec.Zone); err != nil {
		return nil, err
	}
	mark := map[string]string{keyVolume: spec.Name, keyMaking: makerOf(spec)}
	volume := map[string]any{"name": spec.Name, "size": sizeGiB(spec.SizeBytes), "metadata": mark}
	for key, v := range map[string]string{"volume_type": spec.StorageClass, "availability_zone": spec.Zone, "imageRef": image} {
		if v != "" {
			volume[key] = v
		}
	}
	var made struct{ Volume cinderVolume }
	err := post(ctx, c, "volumes", map[string]any{"volume": volume}, &made)
	if hasStatus(err, http.StatusBadRequest, http.StatusNotFound) {
		if better := checkClass(ctx, c, spec.StorageClass); better != nil {
			err = better
		}
	}
	if err != nil {
		return nil, err
	}
	made.Volume.Metadata = mark
	return &made.Volume, nil
}

// checkZone refuses a zone that has no volumes.
func checkZone(ctx context.Context, c *gophercloud.ServiceClient, name string) error {
	if name == "" {
		return nil
	}
	found, err := zones(ctx, c) // Cinder's list has the shape of Nova's
	if err != nil {
		return err
	}
	var names []string
	for _, z := range found {
		if z.Name == name && z.State.Available {
			return nil
		}
		names = append(names, z.Name)
	}
	return psn.Errorf(psn.InvalidInput, "zone %q has no volumes at this site: use one of %s", name, quoted(names))
}

// checkClass says that a refused class does not exist, and which do; nil when
// it was not that.
func checkClass(ctx context.Context, c *gophercloud.ServiceClient, name string) error {
	types, err := list(ctx, c, "types", nil, "volume_types", cinderType.id)
	if err != nil || name == "" {
		return nil //nolint:nilerr // the refusal itself says more
	}
	var names []string
	for _, t := range types {
		if t.Name == name {
			return nil
		}
		names = append(names, t.Name)
	}
	return psn.Errorf(psn.InvalidInput, "storage class %q does not exist for the tenant at this site: use one of %s", name, quoted(names))
}

// inError is said of a volume in error that an earlier call made: Cinder gives
// that status also to volumes that hold bytes, so that none of them is removed.
func inError(id string) error {
	return psn.Errorf(psn.Conflict, "volume %s of an earlier try is in status \"error\", and may hold data: repair it and set its status to \"available\", or delete it when it holds nothing of worth", id)
}

// volumeReady waits until a volume that is being made can be used. One that
// failed is removed when it was only being made: it holds nothing.
func (s *Site) volumeReady(ctx context.Context, c *gophercloud.ServiceClient, id string, made bool) (*cinderVolume, error) {
	v, err := s.volumeAtRest(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if v.Status != "error" {
		return v, nil
	}
	if !made {
		return nil, inError(id)
	}
	said := s.volumeError(ctx, c, id, "made")
	if err := s.cleanUp(ctx, func(ctx context.Context) error { return s.removeVolume(ctx, c, id) }); err != nil {
		return nil, fmt.Errorf("%w; and volume %s is left: %w", said, id, err)
	}
	return nil, said
}

// volumeAtRest waits until nothing is under way on the volume. With an error it
// returns the volume as it was last seen.
func (s *Site) volumeAtRest(ctx context.Context, c *gophercloud.ServiceClient, id string) (*cinderVolume, error) {
	var last cinderVolume
	err := s.wait(ctx, "volume "+id, func(ctx context.Context) (bool, error) {
		var got struct{ Volume cinderVolume }
		if err := get(ctx, c, "volumes/"+url.PathEscape(id), &got); err != nil {
			return false, err
		}
		last = got.Volume
		return last.atRest(), nil
	})
	return &last, err
}

// UpdateVolume implements driver.Volumes.
func (s *Site) UpdateVolume(ctx context.Context, ref string, spec driver.VolumeSpec) (*driver.Volume, error) {
	v, err := s.updateVolume(ctx, ref, spec)
	return v, s.fault(err, fmt.Sprintf("update volume %q of tenant %q (%s)", spec.Name, spec.Tenant, ref))
}

func (s *Site) updateVolume(ctx context.Context, ref string, spec driver.VolumeSpec) (*driver.Volume, error) {
	if err := checkVolume(spec); err != nil {
		return nil, err
	}
	project, err := s.projectOf(ctx, spec.Tenant)
	if err != nil {
		return nil, err
	}
	c, err := s.volume(ctx, project)
	if err != nil {
		return nil, err
	}
	v, err := s.getVolume(ctx, c, ref)
	if err != nil {
		return nil, err
	}
	if d := fixedVolumeDifferences(*v, spec, ""); len(d) > 0 {
		return nil, psn.Errorf(psn.InvalidInput, "what cannot be changed in place differs: %s: replace the volume", strings.Join(d, ", "))
	}
	if v, err = s.growVolume(ctx, c, v, sizeGiB(spec.SizeBytes)); err != nil {
		return nil, err
	}
	out := v.observed(spec.Tenant)
	return &out, nil
}

// getVolume reads a volume that may be in motion.
func (s *Site) getVolume(ctx context.Context, c *gophercloud.ServiceClient, ref string) (*cinderVolume, error) {
	var got struct{ Volume cinderVolume }
	err := get(ctx, c, "volumes/"+url.PathEscape(ref), &got)
	return &got.Volume, err
}
