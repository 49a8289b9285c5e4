package openstack

import (
	"encoding/base64"
	"net"
	"net/netip"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// maxUserData is what Nova takes, counted after encoding.
const maxUserData = 65535

// checkSpec checks a machine as far as that needs no cloud.
func checkSpec(spec driver.VMSpec) error {
	if _, err := psn.ParseVMID(string(spec.ID)); err != nil {
		return err
	}
	switch {
	case spec.VCPUs < 1:
		return psn.Errorf(psn.InvalidInput, "vcpus is %d: use at least 1", spec.VCPUs)
	case spec.MemoryMiB < 1:
		return psn.Errorf(psn.InvalidInput, "memory is %d MiB: use at least 1", spec.MemoryMiB)
	case len(spec.Disks) == 0:
		return psn.Errorf(psn.InvalidInput, "the machine has no disk: on this platform it boots from its first one, give it at least one")
	case spec.Firmware != "" && spec.Firmware != "bios" && spec.Firmware != "efi":
		return psn.Errorf(psn.InvalidInput, "firmware %q is unknown: use \"bios\" or \"efi\"", spec.Firmware)
	case base64.StdEncoding.EncodedLen(len(spec.UserData)) > maxUserData:
		return psn.Errorf(psn.InvalidInput, "user data has %d bytes: use at most %d", len(spec.UserData), maxUserData/4*3)
	case len(spec.VendorData) > 0:
		return driver.NotionVendorData.On(psn.OpenStack)
	case len(spec.Notes) > 255:
		return psn.Errorf(psn.InvalidInput, "notes have %d bytes: use at most 255", len(spec.Notes))
	}
	if err := checkDisks(spec.Disks); err != nil {
		return err
	}
	if err := checkNICs(spec.NICs); err != nil {
		return err
	}
	if err := checkGroupPolicy(spec); err != nil {
		return err
	}
	return checkMetadata(spec.Metadata)
}

func checkDisks(disks []driver.DiskSpec) error {
	for i, d := range disks {
		if d.CapacityBytes <= 0 || d.CapacityBytes%512 != 0 {
			return psn.Errorf(psn.InvalidInput, "disk %d has %d bytes: use a positive multiple of 512; it is rounded up to a whole GiB", i, d.CapacityBytes)
		}
	}
	return nil
}

func checkNICs(nics []driver.NICSpec) error {
	for i, n := range nics {
		if n.MAC != "" {
			if mac, err := net.ParseMAC(n.MAC); err != nil || len(mac) != 6 {
				return psn.Errorf(psn.InvalidInput, "network card %d: mac %q is not valid: use six hexadecimal bytes joined by colons", i, n.MAC)
			}
		}
		if n.FixedIP != "" {
			if _, err := netip.ParseAddr(n.FixedIP); err != nil {
				return psn.Errorf(psn.InvalidInput, "network card %d: fixed ip %q is not an address", i, n.FixedIP)
			}
		}
	}
	return nil
}
