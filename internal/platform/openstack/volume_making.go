package openstack

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A volume bears keyMaking from the request that makes it until the call that
// made it is about to return, with the word of its maker. By it a call whose
// answer was lost knows its own volume, and one in error that was never whole is
// told from one that may hold data.

// unnamedMaker is the word of those who gave none.
const unnamedMaker = "1"

func makerOf(spec driver.VolumeSpec) string { return cmp.Or(spec.Maker, unnamedMaker) }

// making reports whether the volume is not known to have come into being.
func (v cinderVolume) making() bool { return v.Metadata[keyMaking] != "" }

// of reports whether the volume is the one that spec's maker is making.
func (v cinderVolume) of(spec driver.VolumeSpec) bool {
	return spec.Maker != "" && v.ours() && v.Metadata[keyMaking] == spec.Maker
}

// neverWhole reports whether Cinder gave the volume up before anybody could use
// it: it holds nothing. Others in error may.
func (v cinderVolume) neverWhole() bool {
	return v.Status == "error" && v.ours() && v.making() && len(v.Attachments) == 0 && v.Bootable != "true"
}

// volumesNamed lists the project's volumes of that name, the oldest first.
func (s *Site) volumesNamed(ctx context.Context, c *gophercloud.ServiceClient, name string) ([]cinderVolume, error) {
	found, err := list(ctx, c, "volumes/detail", url.Values{"name": {name}}, "volumes", cinderVolume.id)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(v cinderVolume) bool { return v.Name != name || v.Status == "deleting" })
	slices.SortFunc(found, byAge)
	return found, nil
}

func byAge(a, b cinderVolume) int {
	return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
}

// volumeNamed returns the volume that an earlier call made, nil when it is yet to
// be made. Whoever names itself as the maker gets its own, or an error. What an
// earlier try could not make is removed.
func (s *Site) volumeNamed(ctx context.Context, c *gophercloud.ServiceClient, spec driver.VolumeSpec, image string) (*cinderVolume, error) {
	found, err := s.volumesNamed(ctx, c, spec.Name)
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		if !v.neverWhole() {
			continue
		}
		if err := s.removeVolume(ctx, c, v.ID); err != nil {
			return nil, fmt.Errorf("volume %s, which an earlier try could not make: %w", v.ID, err)
		}
	}
	if found = slices.DeleteFunc(found, cinderVolume.neverWhole); len(found) == 0 {
		return nil, nil //nolint:nilnil // it is yet to be made
	}
	if i := slices.IndexFunc(found, func(v cinderVolume) bool { return v.of(spec) }); i >= 0 {
		return &found[i], nil // agreedVolume sees to the others
	}
	if len(found) > 1 {
		return nil, psn.Errorf(psn.Conflict, "the tenant's project has %d volumes of the name %q (%s, %s): remove or rename all but one", len(found), spec.Name, found[0].ID, found[1].ID)
	}
	return standing(found[0], spec, image)
}

// standing returns a volume that is not of the call's own making, when it is one
// that the call may take over.
func standing(v cinderVolume, spec driver.VolumeSpec, image string) (*cinderVolume, error) {
	switch {
	case !v.ours():
		return nil, psn.Errorf(psn.AlreadyExists, "the tenant's project has a volume %q (%s) that this project did not make as one: rename or remove it, or choose another name", spec.Name, v.ID)
	case v.Status == "error":
		return nil, inError(v.ID)
	case spec.Maker != "" && !v.atRest():
		return nil, psn.Errorf(psn.AlreadyExists, "another is at volume %q (%s) already, of %d GiB, in status %q", spec.Name, v.ID, v.SizeGiB, v.Status)
	case spec.Maker != "":
		return nil, psn.Errorf(psn.AlreadyExists, "volume %q (%s) stands already, of %d GiB", spec.Name, v.ID, v.SizeGiB)
	case !v.atRest():
		image = "" // Cinder tells it when it has copied it, and only then
	}
	d := fixedVolumeDifferences(v, spec, image)
	if want := sizeGiB(spec.SizeBytes); v.SizeGiB != want {
		d = append(d, fmt.Sprintf("size is %d GiB, not %d GiB", v.SizeGiB, want))
	}
	if len(d) > 0 {
		return nil, psn.Errorf(psn.AlreadyExists, "volume %q (%s) exists and is another: %s", spec.Name, v.ID, strings.Join(d, ", "))
	}
	return &v, nil
}

// agreedVolume returns v when it is the oldest of its name. Else another process
// was first to make it, of those that all found none: v, which holds nothing, is
// removed, and the other's is what stands. It is asked agreeAfter a volume was
// asked for, as with the disks of machines.
func (s *Site) agreedVolume(ctx context.Context, c *gophercloud.ServiceClient, spec driver.VolumeSpec, image string, v *cinderVolume) (*cinderVolume, error) {
	if err := patience.Sleep(ctx, agreeAfter); err != nil {
		return nil, err
	}
	// By the list alone: an answer to a request that makes a volume tells the time
	// to the microsecond, a list to the second.
	found, err := s.volumesWith(ctx, c, spec.Name, v.ID)
	found = slices.DeleteFunc(found, func(other cinderVolume) bool { return other.ID != v.ID && other.neverWhole() })
	if err != nil || found[0].ID == v.ID || v.Metadata[keyMaking] != makerOf(spec) {
		return v, err
	}
	if err := s.removeVolume(ctx, c, v.ID); err != nil {
		return nil, fmt.Errorf("volume %s is older, and %s, made at the same time, is left: %w", found[0].ID, v.ID, err)
	}
	if found[0].of(spec) { // of a try whose answer was lost, and which the list did not tell yet
		return &found[0], nil
	}
	return standing(found[0], spec, image)
}

// volumesWith is volumesNamed as soon as the volume of the id is among them: a list
// may be behind.
func (s *Site) volumesWith(ctx context.Context, c *gophercloud.ServiceClient, name, id string) (found []cinderVolume, err error) {
	short, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	err = s.wait(short, "volume "+id+" to be listed", func(context.Context) (bool, error) {
		found, err = s.volumesNamed(ctx, c, name)
		return slices.ContainsFunc(found, func(v cinderVolume) bool { return v.ID == id }), err
	})
	return found, err
}

// volumeWhole takes the mark of making off a volume that has come into being.
func (s *Site) volumeWhole(ctx context.Context, c *gophercloud.ServiceClient, v *cinderVolume) error {
	return s.whole(ctx, c, diskOfVolume{ID: v.ID, Metadata: v.Metadata})
}

// volumeMade takes the maker's own mark off. That is the last of the making, after
// which no other try looks for it, so that it cannot fail: a mark that stays is
// taken off before any machine gets the volume.
func (s *Site) volumeMade(ctx context.Context, c *gophercloud.ServiceClient, spec driver.VolumeSpec, v *cinderVolume) {
	if v.Metadata[keyMaking] == makerOf(spec) {
		_ = s.volumeWhole(ctx, c, v)
		delete(v.Metadata, keyMaking)
	}
}
