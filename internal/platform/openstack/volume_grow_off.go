package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keyGrowing is metadata of a server while one of its disks is off it to grow. It
// says all that is needed to put the disk back as it was.
const keyGrowing = "psn.growing"

// awayDisk is a disk that is off its server to grow.
type awayDisk struct {
	Volume  string `json:"volume"`
	Number  int    `json:"disk"`
	SizeGiB int64  `json:"gib"`    // before it grows
	Device  string `json:"device"` // at which it was
	Ends    bool   `json:"ends"`   // with the server
}

// volumeID is what an id of a volume in a mark may be made of: it becomes part of
// an address.
var volumeID = regexp.MustCompile(`^[0-9A-Za-z-]+$`)

// away reads the mark; nil when no disk is away. Whoever may change the server
// may write one: what it names is held against the volume (see bears) before
// anything follows from it.
func (s server) away() *awayDisk {
	var d awayDisk
	if json.Unmarshal([]byte(s.Metadata[keyGrowing]), &d) != nil || !volumeID.MatchString(d.Volume) {
		return nil
	}
	return &d
}

// bears reports whether a volume's own metadata says that it is that disk of the
// server.
func (d awayDisk) bears(s server, metadata map[string]string) bool {
	n, made := diskNumber(metadata)
	return made && n == d.Number && metadata[keyID] == s.Metadata[keyID]
}

// errAttached is in the error of a volume that its storage cannot grow while a
// machine has it.
var errAttached = errors.New("this storage cannot grow a volume that a machine has")

// growDisk grows the n-th disk of a machine: where it is, or off the machine when
// the storage cannot do that and the machine is off.
func (s *Site) growDisk(ctx context.Context, c *gophercloud.ServiceClient, m *machine, n int, v diskOfVolume, want int64) error {
	_, err := s.growVolume(ctx, c, &cinderVolume{ID: v.ID}, want)
	if !errors.Is(err, errAttached) {
		return err
	}
	if err := m.letsGrow(n, v.ID, want); err != nil {
		return err
	}
	return s.growOff(ctx, c, m, n, v, want)
}

// letsGrow says why the n-th disk, whose storage cannot grow it in use, cannot be
// taken off the machine for that; nil when it can.
func (m *machine) letsGrow(n int, volume string, want int64) error {
	switch {
	case n == 0:
		return psn.Errorf(psn.Conflict, "volume %s could not be grown to %d GiB: %w, and a machine's boot disk cannot be taken off it: "+
			"add another disk, replace the machine by one whose first disk is larger, or ask the cloud's operator for storage that grows volumes in use (online_extend_support)", volume, want, errAttached)
	case m.power() != psn.PoweredOff:
		return psn.Errorf(psn.Conflict, "volume %s could not be grown to %d GiB: %w: power the machine off, then grow the disk: it is taken off the machine for that, and put back", volume, want, errAttached)
	}
	return nil
}

// checkGrowth refuses, before anything is changed, what no storage of the machine's
// disks can do. Storage that does not say so of itself is found out by trying.
func (s *Site) checkGrowth(ctx context.Context, m *machine, disks []psn.Disk, want []driver.DiskSpec) error {
	for _, d := range disks {
		if d.Key >= foreignKey || int(d.Key) >= len(want) || sizeGiB(want[d.Key].CapacityBytes) <= d.CapacityBytes>>30 {
			continue
		}
		refusal := m.letsGrow(int(d.Key), d.Path, sizeGiB(want[d.Key].CapacityBytes))
		if refusal == nil {
			continue
		}
		grows, err := s.growsAttached(ctx, d.Path)
		if err == nil && !grows {
			err = refusal
		}
		if err != nil {
			return fmt.Errorf("disk %d: %w", d.Key, err)
		}
	}
	return nil
}

// growOff takes the disk off its machine, grows it, and puts it back, also when it
// could not grow. Wherever that is cut off, the mark on the server lets the next
// change of the machine, or its start, put the disk back.
func (s *Site) growOff(ctx context.Context, c *gophercloud.ServiceClient, m *machine, n int, v diskOfVolume, want int64) error {
	attached, err := s.attachments(ctx, m.server)
	if err != nil {
		return err
	}
	d := awayDisk{Volume: v.ID, Number: n, SizeGiB: v.SizeGiB}
	i := slices.IndexFunc(attached, func(a attachment) bool { return a.Volume == v.ID })
	if i >= 0 {
		d.Device, d.Ends = attached[i].Device, attached[i].Ends
	}
	mark, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := send(ctx, m.nova, http.MethodPost, "servers/"+m.ID+"/metadata", map[string]any{"metadata": map[string]string{keyGrowing: string(mark)}}, nil); err != nil {
		return err
	}
	m.Metadata[keyGrowing] = string(mark)
	err = s.takeOff(ctx, c, m, v.ID)
	if err == nil {
		_, err = s.growVolume(ctx, c, &cinderVolume{ID: v.ID}, want)
	}
	if err == nil {
		return s.putBack(ctx, m, everyDisk)
	}
	if back := s.cleanUp(ctx, func(ctx context.Context) error { return s.putBack(ctx, m, everyDisk) }); back != nil {
		return s.left(err, fmt.Sprintf("volume %s, its disk %d,", v.ID, n), fmt.Errorf("it is put back by the next change of the machine, or its start: %w", back))
	}
	return err
}

// takeOff detaches a volume and waits until it is free.
func (s *Site) takeOff(ctx context.Context, c *gophercloud.ServiceClient, m *machine, id string) error {
	err := s.free(ctx, func() error {
		return send(ctx, m.nova, http.MethodDelete, "servers/"+m.ID+"/os-volume_attachments/"+url.PathEscape(id), nil, nil)
	})
	if ignoring(err, http.StatusNotFound) != nil {
		return err
	}
	return s.wait(ctx, "volume "+id+" to leave the machine", func(ctx context.Context) (bool, error) {
		v, err := s.volumeAtRest(ctx, c, id)
		return err == nil && !v.on(m.ID), err
	})
}

// everyDisk is for putBack where it is not known how many disks are wanted.
const everyDisk = math.MaxInt

// putBack gives the machine the disk that is off it to grow, if there is one, and
// takes the mark off. Of the machine the first disks are wanted, so many.
func (s *Site) putBack(ctx context.Context, m *machine, disks int) error {
	d := m.away()
	if d == nil {
		return nil
	}
	c, err := s.volume(ctx, m.scope)
	if err != nil {
		return err
	}
	if err := s.attachAgain(ctx, c, m, d, disks); err != nil {
		return fmt.Errorf("disk %d, volume %s, which was taken off to grow: %w", d.Number, d.Volume, err)
	}
	err = send(ctx, m.nova, http.MethodDelete, "servers/"+m.ID+"/metadata/"+keyGrowing, nil, nil)
	if err = ignoring(err, http.StatusNotFound); err != nil {
		return err
	}
	sv, err := s.server(ctx, m.ID)
	if err == nil {
		m.server = *sv
	}
	return err
}

func (s *Site) attachAgain(ctx context.Context, c *gophercloud.ServiceClient, m *machine, d *awayDisk, disks int) error {
	drop := fmt.Sprintf("remove the metadata %s of the server (openstack server unset --property %s %s)", keyGrowing, keyGrowing, m.ID)
	v, err := s.getVolume(ctx, c, d.Volume)
	switch {
	case gone(err) && d.Number >= disks:
		return nil // it is not wanted any more
	case gone(err):
		return psn.Errorf(psn.Conflict, "the volume is gone, and an empty one does not take its place by itself: restore it from a backup, or, to go on without what it held, %s", drop)
	case err != nil:
		return err
	case m.ours() == "" || !d.bears(m.server, v.Metadata):
		return psn.Errorf(psn.Conflict, "the volume does not bear the id of the machine and the number of the disk, so that it is not attached: if nobody is growing a disk of it, %s", drop)
	}
	if v, err = s.volumeAtRest(ctx, c, d.Volume); err != nil {
		return s.stillGrowing(v, err)
	}
	if err := s.putRight(ctx, v); err != nil {
		return err
	}
	switch at := v.servers(); {
	case v.on(m.ID):
		return nil
	case len(at) > 0:
		return psn.Errorf(psn.Conflict, "it is on server %s: take it off there first", strings.Join(at, ", "))
	}
	attach := func(device string) error {
		with := map[string]any{"delete_on_termination": d.Ends}
		if device != "" {
			with["device"] = device
		}
		return s.plug(ctx, c, m.nova, m.ID, d.Volume, with)
	}
	err = attach(d.Device)
	if hasStatus(err, http.StatusBadRequest) && d.Device != "" {
		err = attach("") // the hypervisor names devices itself, or the name was given away
	}
	return err
}

// growsAttached reports whether the storage of a volume may grow it while a
// machine has it. Backends say when they cannot, or find out by failing.
func (s *Site) growsAttached(ctx context.Context, id string) (bool, error) {
	c, err := s.volume(ctx, "")
	if err != nil {
		return false, err
	}
	v, err := s.getVolume(ctx, c, id) // its host is told to the operator
	if err != nil || v.Host == "" {
		return err == nil, err
	}
	var page struct {
		Pools []struct {
			Name         string `json:"name"`
			Capabilities struct {
				Online *bool `json:"online_extend_support"`
			} `json:"capabilities"`
		} `json:"pools"`
	}
	if err := get(ctx, c, "scheduler-stats/get_pools?detail=true", &page); err != nil {
		return true, nil //nolint:nilerr // it is found out by trying
	}
	for _, p := range page.Pools {
		if online := p.Capabilities.Online; p.Name == v.Host && online != nil {
			return *online, nil
		}
	}
	return true, nil
}
