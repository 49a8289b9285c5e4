package sandbox

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// proxy is an object of ours in the simulator's registry. Calls are redirected
// to it by changing the target of the decoded method; the body keeps the real
// one. Wrapping the simulator's own objects instead would break its casts.
//
// The simulator's searches cast every object of the registry to a type of
// package mo by its first field and panic, with a lock held, on any other.
type proxy struct {
	mo.SearchIndex
	c *Center
}

// Reference implements mo.Reference.
func (p *proxy) Reference() types.ManagedObjectReference { return p.Self }

// Lock and Unlock opt out of the registry's lock per object: calls to different
// machines through one proxy must not wait for each other.
func (*proxy) Lock()   {}
func (*proxy) Unlock() {}

// intercept puts permissions, guards and the missing methods before the simulator.
func (c *Center) intercept() {
	newProxy := func(name string) proxy {
		return proxy{mo.SearchIndex{Self: types.ManagedObjectReference{Type: "SandboxProxy", Value: name}}, c}
	}
	session := &sessionProxy{newProxy("session")}
	folder := &folderProxy{newProxy("folder")}
	vm := &vmProxy{newProxy("vm")}
	snapshot := &snapshotProxy{newProxy("snapshot")}
	datastore := &datastoreProxy{newProxy("datastore")}

	search := &searchProxy{newProxy("search")}
	portGroup := &portGroupProxy{newProxy("portgroup")}

	virtualDisk := &virtualDiskProxy{newProxy("virtualdisk")}
	browser := &browserProxy{newProxy("browser")}
	authorization := &authorizationProxy{newProxy("authorization")}

	to := map[string]mo.Reference{
		"SessionManager.Login":                         session,
		"SessionManager.CloneSession":                  session,
		"SessionManager.LoginByToken":                  session,
		"SessionManager.LoginExtensionByCertificate":   session,
		"SessionManager.ImpersonateUser":               session,
		"Folder.CreateVM_Task":                         folder,
		"VirtualMachine.CloneVM_Task":                  vm,
		"VirtualMachine.ReconfigVM_Task":               vm,
		"VirtualMachine.PowerOnVM_Task":                vm,
		"VirtualMachine.ShutdownGuest":                 vm,
		"VirtualMachine.QueryChangedDiskAreas":         vm,
		"VirtualMachine.RevertToCurrentSnapshot_Task":  vm,
		"VirtualMachineSnapshot.RevertToSnapshot_Task": snapshot,
		"Datastore.RefreshDatastore":                   datastore,
		"SearchIndex.FindAllByUuid":                    search,
		"DistributedVirtualPortgroup.Destroy_Task":     portGroup,
		"VirtualDiskManager.CreateVirtualDisk_Task":    virtualDisk,
		"VirtualDiskManager.ExtendVirtualDisk_Task":    virtualDisk,
		"VirtualDiskManager.DeleteVirtualDisk_Task":    virtualDisk,
		"VirtualDiskManager.MoveVirtualDisk_Task":      virtualDisk,
		"VirtualDiskManager.CopyVirtualDisk_Task":      virtualDisk,
		"VirtualDiskManager.QueryVirtualDiskUuid":      virtualDisk,

		"AuthorizationManager.SetEntityPermissions":           authorization,
		"HostDatastoreBrowser.SearchDatastoreSubFolders_Task": browser,
	}
	m := c.svc.Context.Map
	for _, p := range []mo.Reference{session, folder, vm, snapshot, datastore, search, portGroup, virtualDisk, browser, authorization} {
		m.Put(p)
	}
	m.AddHandler(&observer{Self: types.ManagedObjectReference{Type: "SandboxObserver", Value: "observer"}, c: c})
	m.Handler = func(ctx *simulator.Context, call *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		c.web.count(call.Name)
		if s := ctx.Session; s != nil && !allowed(s.UserName, call.Name, call.Body) {
			this := call.This
			return nil, &types.NoPermission{Object: &this, PrivilegeId: call.This.Type + "." + call.Name}
		}
		if p := to[call.This.Type+"."+call.Name]; p != nil {
			// Without a session the returned object counts, with one the target.
			call.This = p.Reference()
			return p, nil
		}
		return nil, nil
	}
}

// failedTask starts a task that ends with the fault.
func failedTask(ctx *simulator.Context, e mo.Reference, name string, fault types.BaseMethodFault) types.ManagedObjectReference {
	return simulator.CreateTask(e, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, fault
	}).Run(ctx)
}

// datastoreProxy keeps the capacity given by the sandbox.
type datastoreProxy struct{ proxy }

func (p *datastoreProxy) RefreshDatastore(ctx *simulator.Context, _ *types.RefreshDatastore) soap.HasFault {
	p.c.accountSpace(ctx)
	return &methods.RefreshDatastoreBody{Res: &types.RefreshDatastoreResponse{}}
}
