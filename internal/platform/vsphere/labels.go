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

// ExtraConfig keys. They are written in the create call, so that no machine of
// ours is ever without them.
const (
	keyID             = "psn.id"
	keyService        = "psn.service"
	keyClassification = "psn.classification"
	keyRole           = "psn.role"
	keyPrimarySite    = "psn.primary_site"
	keyAttached       = "psn.attached." // + backing uuid, on a worker: disk of another machine
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

// label fills the managed fields from ExtraConfig. A machine in our folders
// without a valid id is a foreign one.
func label(vm *psn.VM, m mo.VirtualMachine) {
	if m.Config == nil {
		return
	}
	values := map[string]string{}
	for _, o := range m.Config.ExtraConfig {
		o := o.GetOptionValue()
		if v, ok := o.Value.(string); ok && strings.HasPrefix(o.Key, "psn.") {
			values[o.Key] = v
		}
	}
	id, err := psn.ParseVMID(values[keyID])
	if err != nil {
		return
	}
	vm.ID = id
	vm.Service = psn.ServiceID(values[keyService])
	vm.Classification = psn.Classification(values[keyClassification])
	vm.Role = psn.Role(values[keyRole])
	vm.PrimarySite = psn.Site(values[keyPrimarySite])
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
