package vsphere

import (
	"cmp"
	"context"
	"slices"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// template is a virtual machine template to clone.
type template struct {
	self     ref
	name     string
	firmware string
	devices  []types.BaseVirtualDevice
	disks    []*types.VirtualDisk
}

// imageProps is what is read of every machine to find the templates among them.
var imageProps = []string{
	"name", "parent", "config.guestId", "config.firmware",
	"summary.config.template", "summary.config.memorySizeMB", "summary.storage",
}

// Images implements driver.Images: the templates of the datacenter. Those in a
// tenant's folder are the tenant's, all others everybody's.
func (s *Site) Images(ctx context.Context) ([]driver.Image, error) {
	images, err := s.images(ctx)
	return images, s.coded("list templates", err)
}

func (s *Site) images(ctx context.Context) ([]driver.Image, error) {
	content, err := s.readView(ctx, s.dc.Self, map[string][]string{"VirtualMachine": imageProps, "Folder": topologyProps["Folder"]})
	if err != nil {
		return nil, err
	}
	all, err := load[mo.VirtualMachine](content, "VirtualMachine")
	if err != nil {
		return nil, err
	}
	t := &topology{folders: map[ref]mo.Folder{}}
	if err := t.addFolders(content); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m mo.VirtualMachine) bool { return !m.Summary.Config.Template })
	disks, err := s.diskSizes(ctx, all)
	if err != nil {
		return nil, err
	}
	var out []driver.Image
	for _, m := range all {
		i := driver.Image{Ref: m.Self.Value, Status: "active", ImageSpec: driver.ImageSpec{
			Name: m.Name, Format: "vmdk",
			MinDiskGiB: (disks[m.Self] + 1<<30 - 1) >> 30,
		}}
		if m.Parent != nil {
			i.Tenant = tenantOf(t.path(s.dc.VmFolder, *m.Parent))
		}
		if m.Summary.Storage != nil {
			i.SizeBytes = m.Summary.Storage.Committed
		}
		if m.Config != nil {
			i.Firmware = m.Config.Firmware
		}
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b driver.Image) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	return out, nil
}

// diskSizes reads the capacity in bytes of the first disk of each machine.
func (s *Site) diskSizes(ctx context.Context, machines []mo.VirtualMachine) (map[ref]int64, error) {
	var refs []ref
	for _, m := range machines {
		refs = append(refs, m.Self)
	}
	content, err := s.readObjects(ctx, "VirtualMachine", []string{"config.hardware.device", "config.extraConfig"}, refs)
	if err != nil {
		return nil, err
	}
	read, err := load[mo.VirtualMachine](content, "VirtualMachine")
	out := map[ref]int64{}
	for _, m := range read {
		if disks := plainDisks(m); len(disks) > 0 {
			out[m.Self] = capacityOf(disks[0])
		}
	}
	return out, err
}

// template finds the image of a machine to make and checks that they fit.
func (s *Site) template(ctx context.Context, spec driver.VMSpec) (*template, error) {
	images, err := s.images(ctx)
	if err != nil {
		return nil, err
	}
	image, err := chooseImage(images, spec.ID.Tenant(), spec.Image)
	if err != nil {
		return nil, err
	}
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vmRef(image.Ref), []string{"name", "config.firmware", "config.hardware.device", "config.extraConfig"}, &m); err != nil {
		return nil, err
	}
	if m.Config == nil {
		return nil, psn.Errorf(psn.Unavailable, "template %q shows no configuration: its host or datastore is not reachable", m.Name)
	}
	out := &template{self: m.Self, name: m.Name, firmware: m.Config.Firmware, devices: m.Config.Hardware.Device, disks: plainDisks(m)}
	return out, out.fits(spec)
}

// chooseImage finds an image by ref or name among those of the tenant and of all.
// Of two that bear the name, the tenant's own is meant.
func chooseImage(images []driver.Image, tenant psn.TenantID, wanted string) (*driver.Image, error) {
	var named []driver.Image
	var names []string
	for _, i := range images {
		if i.Tenant != "" && i.Tenant != tenant {
			continue
		}
		if i.Ref == wanted {
			return &i, nil
		}
		if names = append(names, i.Name); i.Name == wanted {
			named = append(named, i)
		}
	}
	if own := slices.DeleteFunc(slices.Clone(named), func(i driver.Image) bool { return i.Tenant == "" }); len(own) > 0 {
		named = own
	}
	switch len(named) {
	case 0:
		return nil, psn.Errorf(psn.InvalidInput, "image %q is no template of this site that tenant %s may use: there are %s", wanted, tenant, nearest(wanted, names))
	case 1:
		return &named[0], nil
	}
	var refs []string
	for _, i := range named {
		refs = append(refs, i.Ref)
	}
	return nil, psn.Errorf(psn.InvalidInput, "%d templates are named %q: use the reference of one of them, %s", len(named), wanted, quoted(refs))
}

// fits checks a machine against its image.
func (i *template) fits(spec driver.VMSpec) error {
	if spec.Firmware != "" && i.firmware != "" && spec.Firmware != i.firmware {
		return psn.Errorf(psn.InvalidInput, "firmware is %q and image %q starts by %q: leave firmware out or use %q", spec.Firmware, i.name, i.firmware, i.firmware)
	}
	if len(spec.Disks) < len(i.disks) {
		return psn.Errorf(psn.InvalidInput, "%d disks: image %q has %d, declare each with its size or more", len(spec.Disks), i.name, len(i.disks))
	}
	for n, d := range i.disks {
		if c := capacityOf(d); spec.Disks[n].CapacityBytes < c {
			return psn.Errorf(psn.InvalidInput, "disk %d has %d MiB: image %q needs %d MiB", n, spec.Disks[n].CapacityBytes>>20, i.name, ceilMiB(c))
		}
	}
	return nil
}

// clone starts the task that copies the image: disks that are larger in spec
// grow, further ones are made empty, cards are those of spec alone.
func (s *Site) clone(ctx context.Context, spec driver.VMSpec, p *place) (ref, error) {
	cfg, err := commonSpec(spec)
	if err != nil {
		return ref{}, err
	}
	name := cfg.Name
	cfg.Name, cfg.GuestId = "", spec.GuestOS
	cfg.ExtraConfig = append(cfg.ExtraConfig, options(keyImage, p.image.self.Value)...)
	location := types.VirtualMachineRelocateSpec{Pool: &p.pool, Datastore: p.store(p.home)}
	for n, d := range p.image.disks {
		if p.stores[n] != p.home {
			location.Disk = append(location.Disk, types.VirtualMachineRelocateSpecDiskLocator{DiskId: d.Key, Datastore: *p.store(p.stores[n])})
		}
		if spec.Disks[n].CapacityBytes > capacityOf(d) {
			cfg.DeviceChange = append(cfg.DeviceChange, grown(d, spec.Disks[n].CapacityBytes))
		}
	}
	for _, d := range p.image.devices {
		if _, card := d.(types.BaseVirtualEthernetCard); card {
			cfg.DeviceChange = append(cfg.DeviceChange, removeDevice(d))
		}
	}
	u, first := newUnits(p.image.devices), len(p.image.disks)
	disks, err := u.addDisks(first, capacities(spec.Disks[first:]), p.stores[first:])
	if err != nil {
		return ref{}, err
	}
	cfg.DeviceChange = append(append(append(cfg.DeviceChange, u.added...), disks...), newCards(0, spec.NICs, p.nics)...)
	names := append(unitNames(p.image.devices, p.image.disks), newDiskNames(p.image.devices, cfg.DeviceChange)...)
	cfg.ExtraConfig = append(cfg.ExtraConfig, ownList(names)...)
	res, err := methods.CloneVM_Task(ctx, s.conn.vim, &types.CloneVM_Task{
		This: p.image.self, Folder: p.folder, Name: name,
		Spec: types.VirtualMachineCloneSpec{Location: location, Config: &cfg},
	})
	if err != nil {
		return ref{}, err
	}
	return res.Returnval, nil
}

// grown is the change of a disk to a larger capacity in bytes.
func grown(d *types.VirtualDisk, capacity int64) *types.VirtualDeviceConfigSpec {
	larger := *d
	larger.CapacityInBytes, larger.CapacityInKB = capacity, capacity>>10
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: &larger}
}
