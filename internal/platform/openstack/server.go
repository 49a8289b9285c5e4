package openstack

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// server is what is read of Nova's servers. It must not hold user data, which
// Nova shows to administrators.
type server struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Status    string            `json:"status"`
	Project   string            `json:"tenant_id"`
	Zone      string            `json:"OS-EXT-AZ:availability_zone"`
	VMState   string            `json:"OS-EXT-STS:vm_state"`
	TaskState string            `json:"OS-EXT-STS:task_state"`
	Power     int               `json:"OS-EXT-STS:power_state"`
	Hostname  string            `json:"OS-EXT-SRV-ATTR:hostname"`
	Metadata  map[string]string `json:"metadata"`
	Tags      []string          `json:"tags"`
	Flavor    struct {
		Name      string `json:"original_name"`
		VCPUs     int64  `json:"vcpus"`
		RAM       int64  `json:"ram"`       // MiB
		Disk      int64  `json:"disk"`      // GiB
		Ephemeral int64  `json:"ephemeral"` // GiB
	} `json:"flavor"`
	Addresses map[string][]struct {
		Address string `json:"addr"`
	} `json:"addresses"`
	Volumes []attachedVolume `json:"os-extended-volumes:volumes_attached"`
	Image   json.RawMessage  `json:"image"` // "" for one that boots from a volume
	Fault   struct {
		Message string `json:"message"`
	} `json:"fault"`
	Created  string `json:"created"`
	Root     string `json:"OS-EXT-SRV-ATTR:root_device_name"` // told to administrators
	Launched string `json:"OS-SRV-USG:launched_at"`           // empty until it ran on a host
}

func (s server) id() string { return s.ID }

// neverRan reports whether a server of ours never came to its first start: its
// disks hold nothing that it wrote.
func (s server) neverRan() bool { return s.Launched == "" && s.Metadata[keyMaking] != "" }

// attachedVolume is a volume as a server tells it.
type attachedVolume struct {
	ID string `json:"id"`
}

// has reports whether the server has the volume.
func (s server) has(volume string) bool { return slices.Contains(s.Volumes, attachedVolume{volume}) }

// diskOfVolume is what is read of the volumes that are machines' disks.
type diskOfVolume struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Status   string            `json:"status"`
	SizeGiB  int64             `json:"size"`
	Type     string            `json:"volume_type"`
	Zone     string            `json:"availability_zone"`
	Project  string            `json:"os-vol-tenant-attr:tenant_id"`
	Metadata map[string]string `json:"metadata"`
	Created  string            `json:"created_at"`
	Bootable string            `json:"bootable"` // "true" or "false"
	Attached []struct {
		Server string `json:"server_id"`
	} `json:"attachments"`
}

func (v diskOfVolume) id() string { return v.ID }

// card is what is read of the ports that are machines' cards.
type card struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	MAC      string   `json:"mac_address"`
	Network  string   `json:"network_id"`
	Server   string   `json:"device_id"`
	Project  string   `json:"project_id"`
	Tags     []string `json:"tags"`
	Up       bool     `json:"admin_state_up"`
	Groups   []string `json:"security_groups"` // ids
	FixedIPs []struct {
		Address string `json:"ip_address"`
	} `json:"fixed_ips"`
}

func (c card) id() string { return c.ID }

// cardFields is what is asked of Neutron, which makes a card from it faster.
var cardFields = []string{"id", "name", "mac_address", "network_id", "device_id", "project_id", "admin_state_up", "fixed_ips", "tags", "security_groups"}

// power maps the state of a server to ours.
func (s server) power() psn.PowerState {
	switch s.Status {
	case "SHUTOFF", "SHELVED", "SHELVED_OFFLOADED", "DELETED", "SOFT_DELETED":
		return psn.PoweredOff
	case "SUSPENDED", "PAUSED":
		return psn.Suspended
	case "ACTIVE", "REBOOT", "HARD_REBOOT", "PASSWORD", "RESCUE":
		return psn.PoweredOn
	case "RESIZE", "VERIFY_RESIZE", "REVERT_RESIZE":
		return psn.Unsettled
	}
	// In the making, or broken: Nova's last look at the hypervisor decides.
	if s.Power == 1 {
		return psn.PoweredOn
	}
	return psn.PoweredOff
}

// booted reports whether the server has a local root disk, filled from an image.
func (s server) booted() bool {
	var image struct{ ID string }
	return json.Unmarshal(s.Image, &image) == nil && image.ID != ""
}

// parts is what machines are joined from.
type parts struct {
	tenants  map[string]psn.TenantID
	volumes  map[string]diskOfVolume
	cards    map[string][]card      // by server
	networks map[string]string      // names by id
	groups   func(id string) string // the word for a security group
	own      map[string]int         // volumes of a server that is not ours that would become its disks; nil when all would
}

// observe makes a psn.VM. Devices are told of machines of ours, and of others
// when all is asked for.
func (p parts) observe(s server, all bool) psn.VM {
	vm := psn.VM{
		Ref: s.ID, Name: s.Name, InstanceUUID: s.ID, BIOSUUID: s.ID,
		Cluster: s.Zone, Folder: s.Project, Power: s.power(), Hostname: s.Hostname,
		VCPUs: s.Flavor.VCPUs, MemoryMiB: s.Flavor.RAM,
	}
	if t := p.tenants[s.Project]; t != "" {
		vm.Folder = string(t)
	}
	if s.booted() {
		vm.StorageMiB = (s.Flavor.Disk + s.Flavor.Ephemeral) << 10
	}
	for _, v := range s.Volumes {
		vm.StorageMiB += p.volumes[v.ID].SizeGiB << 10
	}
	for _, list := range s.Addresses {
		for _, a := range list {
			vm.IPs = append(vm.IPs, a.Address)
		}
	}
	slices.Sort(vm.IPs)
	if label(&vm, s.Metadata, p.tenants[s.Project]) || all {
		vm.Disks, vm.NICs = p.disks(s), p.nics(vm.ID, s)
		p.guards(&vm)
	}
	return vm
}

// guards fills in the security groups of the cards: those of its own where the
// machine is ours.
func (p parts) guards(vm *psn.VM) {
	for _, k := range p.cards[vm.Ref] {
		if _, own := k.number(vm.ID); vm.ID != "" && !own {
			continue
		}
		for _, id := range k.Groups {
			if vm.SecurityGroupRefs == nil {
				vm.SecurityGroupRefs = map[string]string{}
			}
			vm.SecurityGroupRefs[p.groups(id)] = id
		}
	}
	vm.SecurityGroups = slices.Sorted(maps.Keys(vm.SecurityGroupRefs))
}

// foreignKey is the first key of disks that were not made as disks of their
// machine: volumes that people attached.
const foreignKey = 1000

// disks lists the volumes of a server: those made as its disks by their number,
// then others in the order in which they were attached.
func (p parts) disks(s server) []psn.Disk {
	out := []psn.Disk{}
	others := int32(foreignKey)
	for _, a := range s.Volumes {
		v := p.volumes[a.ID]
		d := psn.Disk{UUID: a.ID, Path: a.ID, CapacityBytes: v.SizeGiB << 30, StorageClass: v.Type, Mode: "persistent"}
		if n, made := p.number(s, v); made {
			d.Key = int32(n) //nolint:gosec // a small number of ours
		} else {
			d.Key, d.Foreign = others, p.tells(s)
			others++
		}
		out = append(out, d)
	}
	if d := s.away(); d != nil && !s.has(d.Volume) && p.believes(s, *d) { // as it was, so that it is seen to be wanted back
		out = append(out, psn.Disk{
			Key: int32(d.Number), UUID: d.Volume, Path: d.Volume, CapacityBytes: d.SizeGiB << 30, //nolint:gosec // a small number of ours
			StorageClass: p.volumes[d.Volume].Type, Mode: "persistent",
		})
	}
	slices.SortStableFunc(out, func(a, b psn.Disk) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// believes reports whether a disk that the server says is off it to grow is one of
// its disks: a volume of its project that says so, too.
func (p parts) believes(s server, d awayDisk) bool {
	v := p.volumes[d.Volume]
	return d.bears(s, v.Metadata) && (v.Project == "" || v.Project == s.Project)
}

// number is which disk of its server a volume is, made as one or to become one.
func (p parts) number(s server, v diskOfVolume) (int, bool) {
	if n, made := diskNumber(v.Metadata); made && v.Metadata[keyID] == s.Metadata[keyID] {
		return n, true
	}
	n, own := p.own[v.ID]
	return n, own
}

// tells reports whether it is known which volumes of the server are its disks.
func (p parts) tells(s server) bool { return p.own != nil || s.Metadata[keyID] != "" }

// nics lists the ports of a server in the same way.
func (p parts) nics(id psn.VMID, s server) []psn.NIC {
	out := []psn.NIC{}
	others := int32(foreignKey)
	ports := slices.SortedFunc(slices.Values(p.cards[s.ID]), func(a, b card) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range ports {
		n := psn.NIC{MAC: strings.ToLower(c.MAC), Network: p.networks[c.Network], Connected: c.Up}
		for _, ip := range c.FixedIPs {
			n.IPs = append(n.IPs, ip.Address)
		}
		if number, made := c.number(id); made && id != "" {
			n.Key = int32(number) //nolint:gosec // a small number of ours
		} else {
			n.Key = others
			others++
		}
		out = append(out, n)
	}
	slices.SortStableFunc(out, func(a, b psn.NIC) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// index maps objects by their id.
func index[T interface{ id() string }](list []T) map[string]T {
	out := make(map[string]T, len(list))
	for _, o := range list {
		out[o.id()] = o
	}
	return out
}
