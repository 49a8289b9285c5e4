package openstack

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// zone is an availability zone of Nova.
type zone struct {
	Name  string `json:"zoneName"`
	State struct {
		Available bool `json:"available"`
	} `json:"zoneState"`
}

// zones lists the zones machines may be put in.
func zones(ctx context.Context, c *gophercloud.ServiceClient) ([]zone, error) {
	var page struct {
		Zones []zone `json:"availabilityZoneInfo"`
	}
	err := get(ctx, c, "os-availability-zone", &page)
	return page.Zones, err
}

// hypervisor is a host. Its id is that of its resource provider at Placement.
type hypervisor struct {
	ID      string `json:"id"`
	State   string `json:"state"`  // "up" or "down"
	Status  string `json:"status"` // "enabled" or "disabled"
	Service struct {
		Host string `json:"host"`
	} `json:"service"`
}

func (h hypervisor) id() string   { return h.ID }
func (h hypervisor) usable() bool { return h.State == "up" && h.Status == "enabled" }

// aggregate puts hosts in a zone.
type aggregate struct {
	Zone  string   `json:"availability_zone"`
	Hosts []string `json:"hosts"`
}

// novaDefaultZone is where Nova puts hosts that no aggregate puts in a zone.
const novaDefaultZone = "nova"

// capacity is what a host may carry: what it has, less what its operator
// reserves, times the ratio of overcommitment.
type capacity struct{ vcpus, memoryMiB int64 }

// pool is a store of Cinder's. Its name is host@backend#pool.
type pool struct {
	Name         string `json:"name"`
	Capabilities struct {
		Total    json.RawMessage `json:"total_capacity_gb"` // a number, "infinite" or "unknown"
		Reserved float64         `json:"reserved_percentage"`
	} `json:"capabilities"`
}

// storer is a service that keeps volumes. Its host is host@backend.
type storer struct {
	Host   string `json:"host"`
	Zone   string `json:"zone"`
	State  string `json:"state"`
	Status string `json:"status"`
}

// endlessMiB stands for a pool that says that it has no end: one exbibyte.
const endlessMiB = 1 << 40

// capacityMiB is what a pool may hold. What it does not know counts as nothing.
func (p pool) capacityMiB() int64 {
	var gib float64
	if json.Unmarshal(p.Capabilities.Total, &gib) != nil {
		if string(p.Capabilities.Total) == `"infinite"` {
			return endlessMiB
		}
		return 0
	}
	return int64(math.Floor(gib * (100 - p.Capabilities.Reserved) / 100 * 1024))
}

// summary is what Placement says of a provider beside a candidate.
type summary struct {
	Resources map[string]struct {
		Capacity int64 `json:"capacity"`
	} `json:"resources"`
	Root string `json:"root_provider_uuid"`
}

// capacities reads what every host may carry. Placement has no list of
// inventories; but who asks where one more vCPU would fit is told of each such
// host all that it has. Only hosts that are full to the last vCPU are asked one
// by one.
func (s *Site) capacities(ctx context.Context, hosts []hypervisor) (map[string]capacity, error) {
	c, err := s.placement(ctx)
	if err != nil {
		return nil, err
	}
	var page struct {
		Summaries map[string]summary `json:"provider_summaries"`
	}
	if err := get(ctx, c, "allocation_candidates?resources=VCPU:1", &page); err != nil {
		return nil, err
	}
	out := map[string]capacity{}
	for id, p := range page.Summaries {
		root := cmp.Or(p.Root, id) // a host's NUMA cells stand below it
		out[root] = capacity{
			out[root].vcpus + p.Resources["VCPU"].Capacity,
			out[root].memoryMiB + p.Resources["MEMORY_MB"].Capacity,
		}
	}
	for _, h := range hosts {
		if _, ok := out[h.ID]; ok || !h.usable() {
			continue
		}
		full, err := s.fullHost(ctx, c, h.ID)
		if err != nil {
			return nil, err
		}
		out[h.ID] = full
	}
	return out, nil
}

func (s *Site) fullHost(ctx context.Context, c *gophercloud.ServiceClient, id string) (capacity, error) {
	var page struct {
		Inventories map[string]placementInventory `json:"inventories"`
	}
	err := get(ctx, c, "resource_providers/"+id+"/inventories", &page)
	if gone(err) {
		return capacity{}, nil // no longer a host
	}
	return capacity{page.Inventories["VCPU"].capacity(), page.Inventories["MEMORY_MB"].capacity()}, err
}

// placementInventory is what a provider has of one resource.
type placementInventory struct {
	Total    int64   `json:"total"`
	Reserved int64   `json:"reserved"`
	Ratio    float64 `json:"allocation_ratio"`
}

// capacity is computed as Placement does.
func (i placementInventory) capacity() int64 {
	return int64(float64(i.Total-i.Reserved) * i.Ratio)
}

// clusters counts what each zone offers, net of the hosts held back, and what
// stands on it. A volume that no machine has takes its room as well, from
// whoever looks: it counts as nobody's of ours.
func (r *raw) clusters(cfg Config, l psn.Commitments) []psn.Cluster {
	names := []string{}
	for _, z := range r.zones {
		names = append(names, z.Name)
	}
	slices.Sort(names)
	hosts := r.hostsByZone()
	stores := r.storesByZone(names)
	for _, v := range r.volumes {
		if len(v.Attached) > 0 || len(names) == 0 {
			continue
		}
		in := names[0]
		if slices.Contains(names, v.Zone) {
			in = v.Zone
		}
		l.AddUnmanaged(in, psn.Resources{StorageMiB: v.SizeGiB << 10})
	}
	out := []psn.Cluster{}
	for _, name := range names {
		var vcpus, memory []int64
		for _, c := range hosts[name] {
			vcpus, memory = append(vcpus, c.vcpus), append(memory, c.memoryMiB)
		}
		out = append(out, psn.Cluster{Name: name, Commitments: l.Of(name), Capacity: psn.Resources{
			VCPUs:      sumButLargest(vcpus, cfg.HostFailures),
			MemoryMiB:  sumButLargest(memory, cfg.HostFailures),
			StorageMiB: stores[name],
		}})
	}
	return out
}

// hostsByZone is what the usable hosts of each zone carry.
func (r *raw) hostsByZone() map[string][]capacity {
	zoneOf := map[string]string{}
	for _, a := range r.aggregates {
		for _, h := range a.Hosts {
			if a.Zone != "" {
				zoneOf[h] = a.Zone
			}
		}
	}
	out := map[string][]capacity{}
	for _, h := range r.hypervisors {
		if h.usable() {
			z := cmp.Or(zoneOf[h.Service.Host], novaDefaultZone)
			out[z] = append(out[z], r.capacities[h.ID])
		}
	}
	return out
}

// storesByZone is what the pools in service hold. A pool in a zone of Cinder's
// own, which Nova does not know, is for all zones: each counts an equal part.
func (r *raw) storesByZone(names []string) map[string]int64 {
	zoneOf := map[string]string{}
	for _, s := range r.storers {
		if s.State == "up" && s.Status == "enabled" {
			zoneOf[s.Host] = s.Zone
		}
	}
	out := map[string]int64{}
	for _, p := range r.pools {
		host, _, _ := strings.Cut(p.Name, "#")
		z, serving := zoneOf[host]
		switch {
		case !serving:
		case slices.Contains(names, z):
			out[z] += p.capacityMiB()
		default:
			for _, n := range names {
				out[n] += p.capacityMiB() / int64(len(names))
			}
		}
	}
	return out
}

// sumButLargest adds up all but the n largest.
func sumButLargest(v []int64, n int64) int64 {
	slices.Sort(v)
	var sum int64
	for i := range max(len(v)-int(n), 0) {
		sum += v[i]
	}
	return sum
}
