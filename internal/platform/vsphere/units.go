package vsphere

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A virtual SCSI controller takes 15 disks beside itself, a machine takes four.
const (
	maxControllers     = 4
	unitsPerController = 15
	controllerUnit     = 7 // the controller's own unit number
)

// units gives out the free SCSI units of a machine, one after another.
type units struct {
	used        map[int32]map[int32]bool // by controller key
	buses       map[int32]bool
	controllers []int32
	added       []types.BaseVirtualDeviceConfigSpec // controllers that the units given out need
}

func newUnits(devices []types.BaseVirtualDevice) *units {
	u := &units{used: map[int32]map[int32]bool{}, buses: map[int32]bool{}}
	for _, d := range devices {
		if c, ok := d.(types.BaseVirtualSCSIController); ok {
			sc := c.GetVirtualSCSIController()
			u.controllers = append(u.controllers, sc.Key)
			u.buses[sc.BusNumber] = true
		}
		if v := d.GetVirtualDevice(); v.UnitNumber != nil {
			u.take(v.ControllerKey, *v.UnitNumber)
		}
	}
	return u
}

func (u *units) take(controller, unit int32) {
	if u.used[controller] == nil {
		u.used[controller] = map[int32]bool{}
	}
	u.used[controller][unit] = true
}

// next gives out a unit, on a new controller when all are full.
func (u *units) next() (controller, unit int32, err error) {
	for _, c := range u.controllers {
		for i := range unitsPerController {
			if unit := unitOf(i); !u.used[c][unit] {
				u.take(c, unit)
				return c, unit, nil
			}
		}
	}
	for bus := range int32(maxControllers) {
		if u.buses[bus] {
			continue
		}
		c := controllerKey(int(bus))
		u.buses[bus] = true
		u.controllers = append(u.controllers, c)
		u.added = append(u.added, addDevice(newController(c, bus)))
		u.take(c, unitOf(0))
		return c, unitOf(0), nil
	}
	return 0, 0, errNoUnit
}

// errNoUnit says that a machine has as many disks as it can have.
var errNoUnit = psn.Errorf(psn.Exhausted, "no SCSI unit is free: a machine holds %d disks at most", maxControllers*unitsPerController)

// Keys of devices that do not exist yet are negative and only tie them together.
func controllerKey(i int) int32 { return int32(-100 - i) }

func newController(key, bus int32) *types.ParaVirtualSCSIController {
	c := &types.ParaVirtualSCSIController{}
	c.Key, c.BusNumber, c.SharedBus = key, bus, types.VirtualSCSISharingNoSharing
	return c
}

// unitOf is the unit number of the i-th disk of a controller.
func unitOf(i int) int32 {
	if i >= controllerUnit {
		i++
	}
	return int32(i)
}

// addDisks makes empty disks, the first one with the index given, each on the
// datastore of the same index.
func (u *units) addDisks(first int, capacities []int64, stores []string) ([]types.BaseVirtualDeviceConfigSpec, error) {
	var disks []types.BaseVirtualDeviceConfigSpec
	for i, capacity := range capacities {
		controller, unit, err := u.next()
		if err != nil {
			return nil, fmt.Errorf("disk %d: %w", first+i, err)
		}
		add := addDevice(newDisk(first+i, capacity, stores[i], controller, unit))
		add.FileOperation = types.VirtualDeviceConfigSpecFileOperationCreate
		disks = append(disks, add)
	}
	return disks, nil
}
