package openstack

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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
// it: it holds nothing. Others in error may, and so may one of another day, whose
// mark may have stayed by mistake.
func (v cinderVolume) neverWhole() bool {
	return v.Status == "error" && v.ours() && v.making() && len(v.Attachments) == 0 && v.Bootable != "true" && since(v.Created) < 24*time.Hour
}

// orphanAge is how long after its last change a volume that can be used, and
// bears its maker's mark yet, is taken for one whose maker is gone: the mark goes
// within seconds.
const orphanAge = 5 * time.Minute

// orphan reports whether whoever made the volume never came to tell so. No machine
// was ever given it by us.
func (v cinderVolume) orphan() bool {
	age := since(v.Updated)
	return v.ours() && v.making() && v.Status == "available" && len(v.Attachments) == 0 && age > orphanAge && age < never
}

// never is the age of what tells no time.
const never = math.MaxInt64

// since is how long ago Cinder's instant was, which it tells in UTC without saying
// so.
func since(instant string) time.Duration {
	at, err := time.Parse("2006-01-02T15:04:05", instant)
	if err != nil {
		return never
	}
	return time.Since(at)
}

// takeOver makes the call the maker of a volume whose maker is gone. Of several
// that do so at the same time the last to write its mark has it.
func (s *Site) takeOver(ctx context.Context, c *gophercloud.ServiceClient, spec driver.VolumeSpec, v cinderVolume) (*cinderVolume, error) {
	mark := map[string]any{"metadata": map[string]string{keyMaking: spec.Maker}}
	if err := send(ctx, c, http.MethodPost, "volumes/"+url.PathEscape(v.ID)+"/metadata", mark, nil); err != nil {
		return nil, err
	}
	if err := patience.Sleep(ctx, agreeAfter); err != nil {
		return nil, err
	}
	now, err := s.getVolume(ctx, c, v.ID)
	if err == nil && now.Metadata[keyMaking] != spec.Maker {
		err = psn.Errorf(psn.AlreadyExists, "another is at volume %q (%s) already", v.Name, v.ID)
	}
	return now, err
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
	return s.take(ctx, c, found[0], spec, image)
}

// take returns a volume that is not of the call's own making, when it is one that
// the call may have.
func (s *Site) take(ctx context.Context, c *gophercloud.ServiceClient, v cinderVolume, spec driver.VolumeSpec, image string) (*cinderVolume, error) {
	if err := standing(v, spec, image); err != nil || spec.Maker == "" {
		return &v, err
	}
	return s.takeOver(ctx, c, spec, v)
}

// standing says why the call may not have a volume that is not of its own making;
// nil when it may.
func standing(v cinderVolume, spec driver.VolumeSpec, image string) error {
	switch {
	case !v.ours():
		return psn.Errorf(psn.AlreadyExists, "the tenant's project has a volume %q (%s) that this project did not make as one: rename or remove it, or choose another name", spec.Name, v.ID)
	case v.Status == "error":
		return inError(v.ID)
	case spec.Maker != "" && v.orphan():
	case spec.Maker != "" && v.making() && v.Status == "available" && len(v.Attachments) == 0:
		return psn.Errorf(psn.AlreadyExists, "another is at volume %q (%s) already, of %d GiB, or was cut off in making it: then it is taken over %s after that", v.Name, v.ID, v.SizeGiB, orphanAge)
	case spec.Maker != "" && !v.atRest():
		return psn.Errorf(psn.AlreadyExists, "another is at volume %q (%s) already, of %d GiB, in status %q", spec.Name, v.ID, v.SizeGiB, v.Status)
	case spec.Maker != "":
		return psn.Errorf(psn.AlreadyExists, "volume %q (%s) stands already, of %d GiB", spec.Name, v.ID, v.SizeGiB)
	case !v.atRest():
		image = "" // Cinder tells it when it has copied it, and only then
	}
	d := fixedVolumeDifferences(v, spec, image)
	if want := sizeGiB(spec.SizeBytes); v.SizeGiB != want {
		d = append(d, fmt.Sprintf("size is %d GiB, not %d GiB", v.SizeGiB, want))
	}
	if len(d) > 0 {
		return psn.Errorf(psn.AlreadyExists, "volume %q (%s) exists and is another: %s", spec.Name, v.ID, strings.Join(d, ", "))
	}
	return nil
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
	return s.take(ctx, c, found[0], spec, image)
}

// volumesWith is volumesNamed as soon as the volume of the id is among them: a list
// may be behind.
func (s *Site) volumesWith(ctx context.Context, c *gophercloud.ServiceClient, name, id string) (found []cinderVolume, err error) {
	err = s.listed(ctx, "volume "+id, func(ctx context.Context) (bool, error) {
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
