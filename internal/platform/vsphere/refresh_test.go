package vsphere_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// populated is a simulated vCenter with n machines of ours, each with a disk
// and a card, made in the simulator's memory.
func populated(t testing.TB, n int) vsphere.Config {
	t.Helper()
	m := simulator.VPX()
	m.Machine, m.Host = 0, 0
	if err := m.Create(); err != nil {
		t.Fatal(err)
	}
	m.Service.TLS = new(tls.Config)
	m.Service.Listen = &url.URL{User: url.UserPassword(user, secret)}
	m.Service.RegisterEndpoints = true
	s := m.Service.NewServer()
	t.Cleanup(func() { s.Close(); m.Remove() })
	cfg := config(t, s)

	ctx := bounded(t)
	c, err := vim25.NewClient(ctx, m.Service)
	if err != nil {
		t.Fatal(err)
	}
	f := find.NewFinder(c)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.SetDatacenter(dc)
	folders, err := dc.Folders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	root, err := folders.VmFolder.CreateFolder(ctx, "psn")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := root.CreateFolder(ctx, "p_bs")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := f.ResourcePool(ctx, "DC0_C0/Resources")
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	g.SetLimit(16)
	for i := range n {
		g.Go(func() error { return makeOurs(ctx, folder, pool, fmt.Sprintf("vm-%04d", i)) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func makeOurs(ctx context.Context, folder *object.Folder, pool *object.ResourcePool, name string) error {
	id := psn.VMID("p_bs/" + name)
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return err
	}
	devices = append(devices, scsi)
	disk := &types.VirtualDisk{CapacityInBytes: 10 << 30, VirtualDevice: types.VirtualDevice{
		Backing: &types.VirtualDiskFlatVer2BackingInfo{
			DiskMode: "persistent", VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: "[LocalDS_0]"},
		},
	}}
	devices.AssignController(disk, scsi.(types.BaseVirtualController))
	devices = append(devices, disk)
	nic, err := devices.CreateEthernetCard("vmxnet3", &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "VM Network"},
	})
	if err != nil {
		return err
	}
	change, err := append(devices, nic).ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	if err != nil {
		return err
	}
	task, err := folder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: name, InstanceUuid: id.InstanceUUID(), GuestId: "otherGuest64", NumCPUs: 2, MemoryMB: 4096,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
		ExtraConfig: []types.BaseOptionValue{
			&types.OptionValue{Key: "psn.id", Value: string(id)},
			&types.OptionValue{Key: "psn.service", Value: "p_bs/protocollo"},
			&types.OptionValue{Key: "psn.classification", Value: "ordinary"},
			&types.OptionValue{Key: "psn.role", Value: "active"},
		},
		DeviceChange: change,
	}, pool, nil)
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

// meter counts requests and bytes received.
type meter struct {
	next http.RoundTripper

	mu       sync.Mutex
	requests int
	bytes    int64
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := m.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(b))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	m.bytes += int64(len(b))
	return res, nil
}

func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests, m.bytes = 0, 0
}

// metered opens a site whose requests are counted from then on.
func metered(t testing.TB, cfg vsphere.Config) (*vsphere.Site, *meter) {
	t.Helper()
	m := &meter{}
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { m.next = next; return m }
	s, err := vsphere.Open(bounded(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	m.reset()
	return s, m
}

func TestRefreshCostsTheSameRequestsForAnyNumberOfMachines(t *testing.T) {
	var requests []int
	for _, n := range []int{10, 500} {
		s, m := metered(t, populated(t, n))
		inv, err := s.Inventory(bounded(t))
		if err != nil {
			t.Fatal(err)
		}
		ours := 0
		for _, vm := range inv.VMs {
			if vm.ID != "" && vm.StorageMiB == 10<<10 && len(vm.NICs) == 1 && vm.Classification == psn.Ordinary {
				ours++
			}
		}
		if ours != n {
			t.Errorf("%d of %d machines are seen in full", ours, n)
		}
		requests = append(requests, m.requests)
	}
	if requests[0] != requests[1] || requests[0] > 4 {
		t.Errorf("requests for 10 and for 500 machines: %v, want the same number, at most 4", requests)
	}
}

// BenchmarkRefresh reads the whole inventory of a site. Its CPU figure counts
// client and simulated server together, since they share the process.
func BenchmarkRefresh(b *testing.B) {
	for _, n := range []int{100, 500} {
		b.Run(fmt.Sprintf("vms=%d", n), func(b *testing.B) {
			s, m := metered(b, populated(b, n))
			ctx := context.Background()
			before := cpu(b)
			b.ResetTimer()
			for b.Loop() {
				if _, err := s.Inventory(ctx); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			ops := float64(b.N)
			b.ReportMetric(float64(m.requests)/ops, "requests/op")
			b.ReportMetric(float64(m.bytes)/ops, "bytes/op")
			b.ReportMetric((cpu(b)-before)/ops, "cpu-s/op")
		})
	}
}

// cpu is the process's CPU time so far in seconds.
func cpu(t testing.TB) float64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
