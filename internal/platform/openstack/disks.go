package openstack

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// diskVolumes lists the volumes made as disks of the machine, by disk number.
// Those on their way out are left out. Where two processes made the same disk at
// the same time both agree on the older.
func (s *Site) diskVolumes(ctx context.Context, c *gophercloud.ServiceClient, id psn.VMID) (disks map[int]diskOfVolume, surplus []diskOfVolume, err error) {
	found, err := markedVolumes(ctx, c, url.Values{}, id)
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(found, func(a, b diskOfVolume) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	disks = map[int]diskOfVolume{}
	for _, v := range found {
		n, ok := diskNumber(v.Metadata)
		if !ok || v.Status == "deleting" {
			continue
		}
		if _, taken := disks[n]; taken {
			surplus = append(surplus, v)
			continue
		}
		disks[n] = v
	}
	return disks, surplus, nil
}

// markedVolumes lists the volumes that bear the id of the machine, of those that
// the query asks for.
func markedVolumes(ctx context.Context, c *gophercloud.ServiceClient, q url.Values, id psn.VMID) ([]diskOfVolume, error) {
	mark, err := json.Marshal(map[string]string{keyID: string(id)})
	if err != nil {
		return nil, err
	}
	q.Set("metadata", string(mark))
	found, err := list(ctx, c, "volumes/detail", q, "volumes", diskOfVolume.id)
	return slices.DeleteFunc(found, func(v diskOfVolume) bool { return v.Metadata[keyID] != string(id) }), err
}

// disksFor makes the machine's volumes, from the first-th on, as far as they do
// not stand, and waits until they can be used.
func (s *Site) disksFor(ctx context.Context, p *plan, first int) ([]string, error) {
	c, err := s.volume(ctx, p.project)
	if err != nil {
		return nil, err
	}
	standing, _, err := s.diskVolumes(ctx, c, p.ID)
	if err != nil {
		return nil, err
	}
	for n := first; n < len(p.Disks); n++ { // all are looked at before any is made
		if v, ok := standing[n]; ok && !v.neverWhole() {
			if err := s.usableAgain(ctx, p, n, v); err != nil {
				return nil, err
			}
		}
	}
	fresh := false
	for n := first; n < len(p.Disks); n++ {
		v, ok := standing[n]
		if ok && !v.neverWhole() {
			continue
		}
		if ok {
			if err := s.removeVolume(ctx, c, v.ID); err != nil {
				return nil, fmt.Errorf("disk %d: volume %s, which an earlier try could not make: %w", n, v.ID, err)
			}
		}
		id, err := s.makeDisk(ctx, c, p, n)
		if err != nil {
			return nil, fmt.Errorf("disk %d: %w", n, err)
		}
		p.made.disk(id)
		fresh = true
	}
	if fresh {
		if standing, err = s.agreedDisks(ctx, c, p.ID, p.made.disks); err != nil {
			return nil, err
		}
	}
	var out []string
	for n := first; n < len(p.Disks); n++ {
		v := standing[n]
		if _, err := s.volumeReady(ctx, c, v.ID, p.made.disks[v.ID] || v.making()); err != nil {
			return nil, fmt.Errorf("disk %d: %w", n, s.roomless(err, sizeGiB(p.Disks[n].CapacityBytes)))
		}
		if err := s.whole(ctx, c, v); err != nil {
			return nil, fmt.Errorf("disk %d: %w", n, err)
		}
		if n == 0 {
			if err := s.bootable(ctx, c, p, standing[0].ID); err != nil {
				return nil, err
			}
		}
		out = append(out, standing[n].ID)
	}
	return out, nil
}

// usableAgain checks a volume that an earlier call made.
func (s *Site) usableAgain(ctx context.Context, p *plan, n int, v diskOfVolume) error {
	p.made.found = append(p.made.found, v.ID)
	if v.Status == "error" {
		return fmt.Errorf("disk %d: %w", n, inError(v.ID))
	}
	if want := sizeGiB(p.Disks[n].CapacityBytes); v.SizeGiB != want {
		return psn.Errorf(psn.Conflict, "disk %d: volume %s of an earlier try has %d GiB, not %d GiB: delete it, or ask for that size", n, v.ID, v.SizeGiB, want)
	}
	return s.staying(ctx, p.project, v)
}

func (s *Site) makeDisk(ctx context.Context, c *gophercloud.ServiceClient, p *plan, n int) (string, error) {
	d := p.Disks[n]
	volume := map[string]any{
		"name": fmt.Sprintf("%s-disk-%d", p.ID.Name(), n), "size": sizeGiB(d.CapacityBytes),
		"metadata": map[string]string{keyID: string(p.ID), keyDisk: strconv.Itoa(n), keyMaking: "1"},
	}
	if d.StorageClass != "" {
		volume["volume_type"] = d.StorageClass
	}
	if p.storeZone != "" {
		volume["availability_zone"] = p.storeZone
	}
	if n == 0 && p.image != "" {
		volume["imageRef"] = p.image
	}
	var made struct {
		Volume diskOfVolume `json:"volume"`
	}
	err := post(ctx, c, "volumes", map[string]any{"volume": volume}, &made)
	return made.Volume.ID, s.roomless(err, sizeGiB(d.CapacityBytes))
}

// making reports whether the volume is not known to have come into being.
func (v diskOfVolume) making() bool { return v.Metadata[keyMaking] != "" }

// neverWhole reports whether Cinder gave the volume up before it was a disk: it
// holds nothing. Others in error may.
func (v diskOfVolume) neverWhole() bool {
	return v.Status == "error" && v.making() && len(v.Attached) == 0 && v.Bootable != "true"
}

// whole takes the mark of making off a volume that has come into being.
func (s *Site) whole(ctx context.Context, c *gophercloud.ServiceClient, v diskOfVolume) error {
	if !v.making() {
		return nil
	}
	err := send(ctx, c, http.MethodDelete, "volumes/"+url.PathEscape(v.ID)+"/metadata/"+keyMaking, nil, nil)
	return ignoring(err, http.StatusNotFound) // another process was first
}

// roomless says what helps where there is no room for a volume.
func (s *Site) roomless(err error, gibs int64) error {
	if err == nil {
		return nil
	}
	code, reason := s.classify(err)
	if code != psn.Exhausted {
		return err
	}
	return psn.Errorf(psn.Exhausted, "%d GiB: %w: free some storage of the tenant or the site, or raise the tenant's quota", gibs, reason)
}

// agreeAfter is how long after a disk was made it is settled whose it is. Cinder
// tells the second in which a volume was made. Were it asked sooner, a process
// might find its own volume alone, and another that makes one in the same second
// might find both and take its own for the older. Cinder needs about as long to
// make a volume.
const agreeAfter = 2 * time.Second

// agreedDisks reads the disks again after some were made, and removes of those
// made here what another process was first with.
func (s *Site) agreedDisks(ctx context.Context, c *gophercloud.ServiceClient, id psn.VMID, made map[string]bool) (map[int]diskOfVolume, error) {
	if err := patience.Sleep(ctx, agreeAfter); err != nil {
		return nil, err
	}
	standing, surplus, err := s.diskVolumesWith(ctx, c, id, made)
	if err != nil {
		return nil, err
	}
	for _, v := range surplus {
		if !made[v.ID] {
			continue
		}
		if err := s.removeVolume(ctx, c, v.ID); err != nil {
			return nil, err
		}
		delete(made, v.ID)
	}
	return standing, nil
}

// diskVolumesWith is diskVolumes as soon as all that was made here is among them:
// a list may be behind.
func (s *Site) diskVolumesWith(ctx context.Context, c *gophercloud.ServiceClient, id psn.VMID, made map[string]bool) (disks map[int]diskOfVolume, surplus []diskOfVolume, err error) {
	err = s.listed(ctx, "a volume of it", func(ctx context.Context) (bool, error) {
		if disks, surplus, err = s.diskVolumes(ctx, c, id); err != nil {
			return false, err
		}
		listed := map[string]bool{}
		for _, v := range slices.AppendSeq(slices.Clone(surplus), maps.Values(disks)) {
			listed[v.ID] = true
		}
		for v := range made {
			if !listed[v] {
				return false, nil
			}
		}
		return true, nil
	})
	return disks, surplus, err
}

// bootable lets a machine boot from a volume, empty or not, and says with which
// firmware.
func (s *Site) bootable(ctx context.Context, c *gophercloud.ServiceClient, p *plan, id string) error {
	act := func(body any) error {
		return s.free(ctx, func() error { return send(ctx, c, http.MethodPost, "volumes/"+id+"/action", body, nil) })
	}
	if p.image == "" {
		if err := act(map[string]any{"os-set_bootable": map[string]any{"bootable": true}}); err != nil {
			return err
		}
	}
	kind := map[string]string{"bios": "bios", "efi": "uefi"}[p.Firmware]
	if kind == "" {
		return nil
	}
	return act(map[string]any{"os-set_image_metadata": map[string]any{"metadata": map[string]string{"hw_firmware_type": kind}}})
}

// removeDisks removes every volume that was made as a disk of the machine.
func (s *Site) removeDisks(ctx context.Context, project string, id psn.VMID) error {
	c, err := s.volume(ctx, project)
	if err != nil {
		return err
	}
	disks, surplus, err := s.diskVolumes(ctx, c, id)
	if err != nil {
		return err
	}
	for _, v := range disks {
		surplus = append(surplus, v)
	}
	for _, v := range surplus {
		if err := s.removeVolume(ctx, c, v.ID); err != nil {
			return fmt.Errorf("volume %s, a disk of it: %w", v.ID, err)
		}
	}
	return nil
}
