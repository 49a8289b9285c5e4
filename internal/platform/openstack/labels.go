package openstack

import (
	"slices"
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Keys of ours in the metadata of servers and volumes. They are written in the
// request that makes the object, so that none of ours is ever without them.
// Owners' keys stand beside them and never begin with keyPrefix.
const (
	keyPrefix = "psn."

	keyID             = "psn.id" // of servers and of the volumes made as their disks
	keyService        = "psn.service"
	keyClassification = "psn.classification"
	keyRole           = "psn.role"
	keyPrimarySite    = "psn.primary_site"
	keyGuestOS        = "psn.guest_os"
	keyFirmware       = "psn.firmware"
	keyImage          = "psn.image" // ref of the image the first disk was filled from
	keyGroup          = "psn.group"
	keyMaker          = "psn.maker" // of a server: the word of who made it
	// keyMaking stands on a server until it has come to rest, powered off, for
	// the first time: with it a later call goes on where one was cut off. On a
	// volume it stands until that is available: what fails before holds nothing.
	keyMaking = "psn.making"
	keyDisk   = "psn.disk" // of volumes: which disk, from 0
)

// machineTag is the tag by which a server of ours is found, whatever its name.
func machineTag(id psn.VMID) string { return "psn:" + id.InstanceUUID() }

// labelled is the metadata of labels. Nova has no empty values to speak of:
// what is empty is left out.
func labelled(l driver.Labels) map[string]string {
	m := map[string]string{
		keyService:        string(l.Service),
		keyClassification: string(l.Classification),
		keyRole:           string(l.Role),
		keyPrimarySite:    string(l.PrimarySite),
	}
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}

// label fills the managed fields of a machine in a project of the tenant. One
// whose id is not of that tenant is a foreign one, whatever it says.
func label(vm *psn.VM, m map[string]string, tenant psn.TenantID) bool {
	id, err := psn.ParseVMID(m[keyID])
	if err != nil || tenant == "" || id.Tenant() != tenant {
		return false
	}
	vm.ID, vm.InstanceUUID = id, id.InstanceUUID()
	vm.Service = psn.ServiceID(m[keyService])
	vm.Classification = psn.Classification(m[keyClassification])
	vm.Role = psn.Role(m[keyRole])
	vm.PrimarySite = psn.Site(m[keyPrimarySite])
	vm.GuestOS, vm.Firmware = m[keyGuestOS], m[keyFirmware]
	vm.Image, vm.Group = m[keyImage], m[keyGroup]
	vm.Metadata = owners(m)
	return true
}

// owners is the part of a metadata that is not ours; nil when there is none.
func owners(m map[string]string) map[string]string {
	var out map[string]string
	for k, v := range m {
		if strings.HasPrefix(k, keyPrefix) {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[k] = v
	}
	return out
}

// checkMetadata refuses keys of ours and what Nova would refuse.
func checkMetadata(m map[string]string) error {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		switch {
		case strings.HasPrefix(k, keyPrefix):
			return psn.Errorf(psn.InvalidInput, "metadata key %q begins with %q, which is this program's own: choose another", k, keyPrefix)
		case k == "" || len(k) > 255 || len(m[k]) > 255:
			return psn.Errorf(psn.InvalidInput, "metadata key %q: key and value take 1 to 255 and 0 to 255 bytes", k)
		}
	}
	return nil
}

// diskNumber is which disk of its machine a volume is; false when it was not
// made as one.
func diskNumber(metadata map[string]string) (int, bool) {
	if metadata[keyID] == "" {
		return 0, false
	}
	n, err := strconv.Atoi(metadata[keyDisk])
	return n, err == nil && n >= 0
}

// portName is the name of the n-th card of a machine.
func portName(id psn.VMID, n int) string {
	return portPrefix + string(id) + "/" + strconv.Itoa(n)
}

// cardTag is the tag of a port that was not made as a card of the machine but
// taken over with it as its n-th. Neutron takes tags of 60 characters.
func cardTag(id psn.VMID, n int) string { return machineTag(id) + ":" + strconv.Itoa(n) }

// number is which card of the machine a port is, made as one or taken over.
func (c card) number(id psn.VMID) (int, bool) {
	if n, ok := cardNumber(id, c.Name); ok {
		return n, true
	}
	for _, t := range c.Tags {
		rest, ok := strings.CutPrefix(t, machineTag(id)+":")
		if n, err := strconv.Atoi(rest); ok && err == nil && n >= 0 {
			return n, true
		}
	}
	return 0, false
}

// leaving reports whether the port was to go with the server.
func (c card) leaving(ref string) bool { return slices.Contains(c.Tags, leavingTag(ref)) }

// cardNumber is which card of that machine a port was made as.
func cardNumber(id psn.VMID, port string) (int, bool) {
	rest, ok := strings.CutPrefix(port, portPrefix+string(id)+"/")
	n, err := strconv.Atoi(rest)
	return n, ok && err == nil && n >= 0
}
