package sandbox

import (
	"slices"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Source is the name of the on-premises vCenter.
const Source = "brescia"

// Accounts of every vCenter.
const (
	Operator = "psn-operator" // may do everything
	Auditor  = "psn-auditor"  // may read, except disk content
	Migrator = "psn-migrator" // only at the source: reads, snapshots, change tracking, power, NIC links
)

// CenterNames lists the vCenters in canonical order.
func CenterNames() []string {
	var names []string
	for _, s := range psn.Sites() {
		names = append(names, string(s))
	}
	return append(names, Source)
}

// Options says what to simulate. The zero value of every field but Dir is a
// sensible default.
type Options struct {
	Dir     string   // required; made when missing
	Centers []string // which vCenters; default all five

	Seed           uint64        // of all generated content; default 1
	Machines       []Machine     // of the source; default DefaultMachines(0, 0)
	ExtraMachines  int           // further powered-off machines in every center, for scale tests
	WriteRate      float64       // writes per second of each source guest; default 2, negative for none
	BootDelay      time.Duration // power on until tools run; default 200 ms
	ShutdownDelay  time.Duration // guest shutdown until off; default 300 ms
	DirtyDisks     bool          // fill disks made at PSN sites with 0xAA instead of zeros
	LockBaseDisks  bool          // refuse datastore reads of a running machine's disks even when a snapshot is open, as ESXi on VMFS does
	AreasPerPage   int           // most areas of one QueryChangedDiskAreas answer; default 2000
	BytesPerPage   int64         // most bytes one answer covers, so that pages may be empty; default no limit
	Latency        time.Duration // added to every HTTP request
	PSNDatastore   int64         // capacity of each datastore at PSN sites in bytes; default 50 TiB
	HostsByCluster int           // at PSN sites; default 4
	SplitStorage   bool          // each cluster of a PSN site has a datastore of its own, instead of both sharing both
}

// Machine is a virtual machine of the source.
type Machine struct {
	Name    string
	GuestID string // vSphere guest id
	Notes   string
	VCPUs   int32
	MiB     int64
	Disks   []int64 // capacities in bytes, at least MinDisk
}

// MinDisk is the smallest disk that holds a partition table, a file system and
// the guest's data.
const MinDisk = 8 << 20

// DefaultMachines are the six machines of the Provincia di Brescia. main is the
// capacity in bytes of protocollo's first disk (0 means 256 MiB), other of
// every other disk (0 means 64 MiB).
func DefaultMachines(main, other int64) []Machine {
	if main == 0 {
		main = 256 << 20
	}
	if other == 0 {
		other = 64 << 20
	}
	return []Machine{
		{"protocollo", "debian11_64Guest", "Protocollo informatico e gestione documentale", 4, 8192, []int64{main, other}},
		{"bilancio", "windows2019srv_64Guest", "Contabilità e bilancio", 4, 16384, []int64{other}},
		{"personale", "rhel8_64Guest", "Gestione giuridica ed economica del personale", 2, 8192, []int64{other}},
		{"conservazione", "sles15_64Guest", "Conservazione a norma dei documenti", 2, 4096, []int64{other}},
		{"documentale", "ubuntu64Guest", "Archivio degli atti", 4, 8192, []int64{other}},
		{"web", "debian11_64Guest", "Portale istituzionale", 2, 4096, []int64{other}},
	}
}

// defaults fills what is unset and checks the rest.
func (o *Options) defaults() error {
	if o.Dir == "" {
		return psn.Errorf(psn.InvalidInput, "sandbox: Dir is empty: name a folder for its files")
	}
	if len(o.Centers) == 0 {
		o.Centers = CenterNames()
	}
	for _, n := range o.Centers {
		if !slices.Contains(CenterNames(), n) {
			return psn.Errorf(psn.InvalidInput, "sandbox: unknown center %q: use one of %q", n, CenterNames())
		}
	}
	for _, n := range []struct {
		what  string
		value int64
	}{
		{"extra machines", int64(o.ExtraMachines)},
		{"areas per page", int64(o.AreasPerPage)},
		{"bytes per page", o.BytesPerPage},
		{"hosts by cluster", int64(o.HostsByCluster)},
		{"bytes of a datastore", o.PSNDatastore},
		{"latency in nanoseconds", int64(o.Latency)},
		{"boot delay in nanoseconds", int64(o.BootDelay)},
		{"shutdown delay in nanoseconds", int64(o.ShutdownDelay)},
	} {
		if n.value < 0 {
			return psn.Errorf(psn.InvalidInput, "sandbox: %s: %d is negative: use 0 or more", n.what, n.value)
		}
	}
	if o.Machines == nil {
		o.Machines = DefaultMachines(0, 0)
	}
	for _, m := range o.Machines {
		if err := psn.CheckName("machine name", m.Name); err != nil {
			return err
		}
		for i, d := range m.Disks {
			if d < MinDisk || d%(1<<20) != 0 {
				return psn.Errorf(psn.InvalidInput, "sandbox: disk %d of %s has %d bytes: use a whole number of MiB, at least %d", i, m.Name, d, MinDisk>>20)
			}
		}
	}
	setDefault(&o.Seed, 1)
	setDefault(&o.WriteRate, 2)
	setDefault(&o.BootDelay, 200*time.Millisecond)
	setDefault(&o.ShutdownDelay, 300*time.Millisecond)
	setDefault(&o.AreasPerPage, 2000)
	setDefault(&o.PSNDatastore, 50<<40)
	setDefault(&o.HostsByCluster, 4)
	return nil
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
