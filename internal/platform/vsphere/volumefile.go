package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// volumesFolder is where volumes live on each datastore.
const volumesFolder = "psn-volumes"

func volumeRef(tenant psn.TenantID, name string) string { return string(tenant) + "/" + name }

func volumePath(store string, tenant psn.TenantID, name string) string {
	return (&object.DatastorePath{Datastore: store, Path: path.Join(volumesFolder, string(tenant), name+".vmdk")}).String()
}

// deltaRe is the name that a server gives the difference that a snapshot begins.
var deltaRe = regexp.MustCompile(`^(.+)-[0-9]{6}$`)

func checkVolume(spec driver.VolumeSpec) error {
	if err := psn.CheckName("volume name", spec.Name); err != nil {
		return err
	}
	switch {
	case deltaRe.MatchString(spec.Name) || strings.HasSuffix(spec.Name, "-flat"):
		return psn.Errorf(psn.InvalidInput, "volume name %q looks like a file that a vCenter makes beside a disk: do not end it in \"-flat\" or a hyphen and six digits", spec.Name)
	case spec.Tenant == "":
		return psn.Errorf(psn.InvalidInput, "volume %q has no tenant: name one", spec.Name)
	case spec.SizeBytes <= 0:
		return psn.Errorf(psn.InvalidInput, "size of volume %q is %d bytes: use a positive one", spec.Name, spec.SizeBytes)
	}
	return nil
}

// searchesAtOnce bounds how many datastores are searched at the same time.
const searchesAtOnce = 8

// volumeFiles lists the volumes on all datastores in reach, of one tenant or of
// all, as if none were attached.
func (s *Site) volumeFiles(ctx context.Context, t *topology, tenant psn.TenantID) ([]driver.Volume, error) {
	var mu sync.Mutex
	var out []driver.Volume
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(searchesAtOnce)
	for _, ds := range t.datastores {
		if !ds.Summary.Accessible {
			continue
		}
		g.Go(func() error {
			some, err := s.volumesOn(ctx, t, ds, tenant)
			mu.Lock()
			defer mu.Unlock()
			out = append(out, some...)
			return err
		})
	}
	err := g.Wait()
	return out, err
}

func (s *Site) volumesOn(ctx context.Context, t *topology, ds mo.Datastore, tenant psn.TenantID) ([]driver.Volume, error) {
	results, err := s.searchDisks(ctx, ds, path.Join(volumesFolder, string(tenant)))
	if err != nil {
		return nil, err
	}
	zone := ""
	if reach := t.reachedFrom(ds.Self); len(reach) == 1 {
		zone = reach[0]
	}
	var out []driver.Volume
	for _, r := range results {
		for name, size := range disksIn(r) {
			owner := path.Base(strings.TrimSuffix(r.FolderPath, "/"))
			out = append(out, driver.Volume{
				Ref: volumeRef(psn.TenantID(owner), name), Status: volumeFree,
				VolumeSpec: driver.VolumeSpec{Tenant: psn.TenantID(owner), Name: name, SizeBytes: size, StorageClass: ds.Name, Zone: zone},
			})
		}
	}
	return out, nil
}

// searchDisks looks for disks in a folder of a datastore and below; nothing is in
// one that does not exist.
func (s *Site) searchDisks(ctx context.Context, ds mo.Datastore, below string) ([]types.HostDatastoreBrowserSearchResults, error) {
	folder := (&object.DatastorePath{Datastore: ds.Name, Path: below}).String()
	res, err := methods.SearchDatastoreSubFolders_Task(ctx, s.conn.vim, &types.SearchDatastoreSubFolders_Task{
		This: ds.Browser, DatastorePath: folder, SearchSpec: &types.HostDatastoreBrowserSearchSpec{
			Query:        []types.BaseFileQuery{&types.VmDiskFileQuery{Details: &types.VmDiskFileQueryFlags{CapacityKb: true}}},
			Details:      &types.FileQueryFlags{FileType: true, FileSize: true, Modification: true},
			MatchPattern: []string{"*.vmdk"},
		},
	})
	var found types.AnyType
	if err == nil {
		found, err = s.wait(ctx, res.Returnval)
	}
	if isFault[types.FileNotFound](err) {
		return nil, nil // no volume was ever made here
	}
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", folder, err)
	}
	results, _ := found.(types.ArrayOfHostDatastoreBrowserSearchResults)
	return results.HostDatastoreBrowserSearchResults, nil
}

// disksIn are the sizes in bytes of the disks in a tenant's folder, by name,
// without the differences that snapshots begin.
func disksIn(r types.HostDatastoreBrowserSearchResults) map[string]int64 {
	out := map[string]int64{}
	var p object.DatastorePath
	if !p.FromString(r.FolderPath) || path.Dir(path.Clean(p.Path)) != volumesFolder {
		return out
	}
	for _, f := range r.File {
		if d, ok := f.(*types.VmDiskFileInfo); ok {
			out[strings.TrimSuffix(d.Path, ".vmdk")] = d.CapacityKb << 10
		}
	}
	for name := range out {
		if m := deltaRe.FindStringSubmatch(name); m != nil {
			if _, base := out[m[1]]; base {
				delete(out, name)
			}
		}
	}
	return out
}

// reachedFrom names the clusters that a datastore can be used from, sorted.
func (t *topology) reachedFrom(d ref) []string {
	var names []string
	for _, c := range t.clusters {
		if slices.Contains(c.datastores, d) {
			names = append(names, c.name)
		}
	}
	return names
}

// volumeStore picks the datastore of a volume to make: the one named, else the
// roomiest that its zone, or without one as many clusters as possible, reaches.
func (s *Site) volumeStore(ctx context.Context, spec driver.VolumeSpec) (string, error) {
	t, err := s.topology(ctx)
	if err != nil {
		return "", err
	}
	if spec.Zone != "" && t.cluster(spec.Zone) == nil {
		return "", psn.Errorf(psn.InvalidInput, "zone %q is no cluster of this site: there are %s", spec.Zone, t.clusterNames())
	}
	free, reach := map[string]int64{}, map[string]int{}
	for _, c := range t.clusters {
		if spec.Zone != "" && c.name != spec.Zone {
			continue
		}
		here, err := s.freeSpace(ctx, c)
		if err != nil {
			return "", err
		}
		for name, n := range here {
			free[name] = n
			reach[name]++
		}
	}
	var names []string
	for n := range free {
		names = append(names, n)
	}
	if spec.StorageClass != "" {
		if _, ok := free[spec.StorageClass]; !ok {
			return "", psn.Errorf(psn.InvalidInput, "datastore %q is not one that every host of a cluster in question mounts: there are %s", spec.StorageClass, nearest(spec.StorageClass, names))
		}
		names = []string{spec.StorageClass}
	}
	if len(names) == 0 {
		return "", psn.Errorf(psn.Exhausted, "no datastore is mounted by every host of a cluster")
	}
	slices.Sort(names)
	best := slices.MaxFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(reach[a], reach[b]), cmp.Compare(free[a], free[b]))
	})
	if free[best] < spec.SizeBytes {
		return "", psn.Errorf(psn.Exhausted, "datastore %q has %d MiB free, %d MiB are needed", best, free[best]>>20, spec.SizeBytes>>20)
	}
	return best, nil
}

// roomFor checks that a datastore has that many bytes free.
func (s *Site) roomFor(ctx context.Context, store string, bytes int64) error {
	t, err := s.topology(ctx)
	if err != nil {
		return err
	}
	for _, c := range t.clusters {
		free, err := s.freeSpace(ctx, c)
		if err != nil {
			return err
		}
		if left, ok := free[store]; ok && left < bytes {
			return psn.Errorf(psn.Exhausted, "datastore %q has %d MiB free, %d MiB are needed", store, left>>20, ceilMiB(bytes))
		} else if ok {
			return nil
		}
	}
	return nil
}

// imageDisk is the path and the capacity of the disk that a volume starts from.
func (s *Site) imageDisk(ctx context.Context, spec driver.VolumeSpec) (file string, capacity int64, err error) {
	images, err := s.images(ctx)
	if err != nil {
		return "", 0, err
	}
	image, err := chooseImage(images, spec.Tenant, spec.Image)
	if err != nil {
		return "", 0, err
	}
	m, err := s.holder(ctx, image.Ref)
	if err != nil {
		return "", 0, err
	}
	disks := plainDisks(m)
	if len(disks) == 0 {
		return "", 0, psn.Errorf(psn.InvalidInput, "image %q has no disk to start a volume from", image.Name)
	}
	c := capacityOf(disks[0])
	if spec.SizeBytes < c {
		return "", 0, psn.Errorf(psn.InvalidInput, "size is %d MiB: image %q needs %d MiB", spec.SizeBytes>>20, image.Name, ceilMiB(c))
	}
	return backingOf(disks[0]).path, c, nil
}

// makeFile makes a disk of zeros.
func (s *Site) makeFile(ctx context.Context, file string, bytes int64) error {
	res, err := methods.CreateVirtualDisk_Task(ctx, s.conn.vim, &types.CreateVirtualDisk_Task{
		This: *s.conn.vim.ServiceContent.VirtualDiskManager, Name: file, Datacenter: &s.dc.Self,
		Spec: &types.FileBackedVirtualDiskSpec{
			VirtualDiskSpec: types.VirtualDiskSpec{
				DiskType: string(types.VirtualDiskTypeThin), AdapterType: string(types.VirtualDiskAdapterTypeLsiLogic),
			},
			CapacityKb: bytes >> 10,
		},
	})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	return err
}

// makeHome makes the folder of a tenant's volumes on a datastore.
func (s *Site) makeHome(ctx context.Context, store string, tenant psn.TenantID) error {
	return s.makeDirectory(ctx, path.Dir(volumePath(store, tenant, "x")))
}

func (s *Site) makeDirectory(ctx context.Context, dir string) error {
	parents := true
	_, err := methods.MakeDirectory(ctx, s.conn.vim, &types.MakeDirectory{
		This: *s.conn.vim.ServiceContent.FileManager, Datacenter: &s.dc.Self, CreateParentDirectories: &parents,
		Name: dir,
	})
	if isFault[types.FileAlreadyExists](err) {
		return nil
	}
	return err
}

func (s *Site) extendFile(ctx context.Context, file string, bytes int64) error {
	thin := false
	res, err := methods.ExtendVirtualDisk_Task(ctx, s.conn.vim, &types.ExtendVirtualDisk_Task{
		This: *s.conn.vim.ServiceContent.VirtualDiskManager, Name: file, Datacenter: &s.dc.Self,
		NewCapacityKb: bytes >> 10, EagerZero: &thin,
	})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	return err
}

// fileUUID is a disk's UUID as deviceID spells it.
func (s *Site) fileUUID(ctx context.Context, file string) (string, error) {
	res, err := methods.QueryVirtualDiskUuid(ctx, s.conn.vim, &types.QueryVirtualDiskUuid{
		This: *s.conn.vim.ServiceContent.VirtualDiskManager, Name: file, Datacenter: &s.dc.Self,
	})
	if err != nil {
		return "", err
	}
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(res.Returnval)), nil
}
