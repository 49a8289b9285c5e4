package sandbox

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// reading lists the SOAP methods that change nothing, by prefix of the name.
var reading = []string{
	"Retrieve", "Query", "Find", "Fetch", "Read", "Validate", "Check", "Has",
	"WaitForUpdates", "ContinueRetrieve", "CancelRetrieve", "CancelWaitForUpdates",
	"CreateFilter", "CreatePropertyCollector", "DestroyPropertyFilter", "DestroyPropertyCollector",
	"CreateContainerView", "CreateListView", "CreateInventoryView", "ModifyListView", "ResetListView",
	"OpenInventoryViewFolder", "CloseInventoryViewFolder", "DestroyView",
	"CreateCollectorForTasks", "CreateCollectorForEvents", "RewindCollector", "ResetCollector",
	"DestroyCollector", "SetCollectorPageSize", "CurrentTime", "Logout", "SessionIsActive", "Login",
	"AcquireCloneTicket", "CloneSession", "SetLocale",
}

// content lists reading methods that show what is on a disk. The read-only role
// of vSphere does not include them.
var content = []string{"QueryChangedDiskAreas", "QueryVirtualDisk", "RetrieveSnapshotDetails"}

// migrating lists what the migration account may do besides reading.
var migrating = []string{
	"QueryChangedDiskAreas", "CreateSnapshot", "RemoveSnapshot", "RemoveAllSnapshots", "ConsolidateVMDisks",
	"PowerOnVM", "PowerOffVM", "ShutdownGuest", "ExportSnapshot", "AcquireGenericServiceTicket",
}

func hasPrefix(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// allowed reports whether the account may call the SOAP method.
func allowed(user, method string, body types.AnyType) bool {
	switch user {
	case Operator:
		return true
	case Migrator:
		if r, ok := body.(*types.ReconfigVM_Task); ok {
			return migratorMayReconfigure(r.Spec)
		}
		return hasPrefix(method, migrating) || hasPrefix(method, reading)
	}
	return hasPrefix(method, reading) && !hasPrefix(method, content)
}

// migratorMayReconfigure allows change tracking and the links of existing NICs.
func migratorMayReconfigure(s types.VirtualMachineConfigSpec) bool {
	for _, d := range s.DeviceChange {
		dc := d.GetVirtualDeviceConfigSpec()
		_, nic := dc.Device.(types.BaseVirtualEthernetCard)
		if !nic || dc.Operation != types.VirtualDeviceConfigSpecOperationEdit {
			return false
		}
	}
	return s.Name == "" && s.NumCPUs == 0 && s.MemoryMB == 0 && s.Annotation == "" && len(s.ExtraConfig) == 0
}

// mayReadContent reports whether the account may download disk files.
func mayReadContent(user string) bool { return user == Operator || user == Migrator }

// mayWriteContent reports whether the account may upload and delete files.
func mayWriteContent(user string) bool { return user == Operator }
