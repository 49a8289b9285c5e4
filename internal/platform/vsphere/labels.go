package vsphere

import (
	"strings"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Our folders are <datacenter>/vm/psn/<tenant>, our pools psn-<tenant>.
const (
	rootFolder = "psn"
	poolPrefix = "psn-"
)

// markPrefix begins every ExtraConfig key of ours.
const markPrefix = "psn."

// ExtraConfig keys. They are written in the create call, so that no machine of
// ours is ever without them.
const (
	keyID             = "psn.id"
	keyService        = "psn.service"
	keyClassification = "psn.classification"
	keyRole           = "psn.role"
	keyPrimarySite    = "psn.primary_site"
	keyImage          = "psn.image"        // ref of the template it was cloned from
	keyMaker          = "psn.maker"        // the word of who made it
	keyGroup          = "psn.group"        // name of the group within the tenant
	keyPolicy         = "psn.group_policy" // how the group shares hosts
	keyMetadata       = "psn.metadata"     // the owner's own, as one JSON object
	keyOwn            = "psn.own_disks"    // its own disks, by name, see ownDisks
	keyDisks          = "psn.disks"        // of a machine without keyOwn: how many of its disks are its own at most
	keyForeign        = "psn.foreign."     // + backing uuid, of such a machine: a disk that somebody added
	keyAttached       = "psn.attached."    // + backing uuid, on a worker: disk of another machine
	keyVolume         = "psn.volume."      // + backing uuid: "tenant/name" of an attached volume
	keyStray          = "psn.stray."       // + backing uuid: a volume taken off and not home yet, see stray
)

// tenantOf is the tenant whose folder (or a folder below it) the path names.
func tenantOf(path string) psn.TenantID {
	root, rest, _ := strings.Cut(path, "/")
	if root != rootFolder {
		return ""
	}
	tenant, _, _ := strings.Cut(rest, "/")
	return psn.TenantID(tenant)
}

// marks are the options of ours that a machine carries. Everything else, user
// data above all, is left alone.
func marks(m mo.VirtualMachine) map[string]string {
	values := map[string]string{}
	if m.Config == nil {
		return values
	}
	for _, o := range m.Config.ExtraConfig {
		o := o.GetOptionValue()
		if v, ok := o.Value.(string); ok && v != "" && strings.HasPrefix(o.Key, markPrefix) {
			values[o.Key] = v
		}
	}
	return values
}

// label fills the managed fields from ExtraConfig. A machine in our folders
// without a valid id is a foreign one.
func label(vm *psn.VM, m mo.VirtualMachine) {
	values := marks(m)
	id, err := psn.ParseVMID(values[keyID])
	if err != nil {
		return
	}
	vm.ID = id
	vm.Service = psn.ServiceID(values[keyService])
	vm.Classification = psn.Classification(values[keyClassification])
	vm.Role = psn.Role(values[keyRole])
	vm.PrimarySite = psn.Site(values[keyPrimarySite])
	vm.Image, vm.Group = values[keyImage], values[keyGroup]
	vm.Metadata = metadata(values[keyMetadata])
}

// extraConfig is the labels as options.
func extraConfig(l driver.Labels) []types.BaseOptionValue {
	return options(
		keyService, string(l.Service),
		keyClassification, string(l.Classification),
		keyRole, string(l.Role),
		keyPrimarySite, string(l.PrimarySite),
	)
}

// options makes option values of key, value pairs.
func options(kv ...string) []types.BaseOptionValue {
	var out []types.BaseOptionValue
	for i := 0; i+1 < len(kv); i += 2 {
		out = append(out, &types.OptionValue{Key: kv[i], Value: kv[i+1]})
	}
	return out
}
