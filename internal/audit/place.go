package audit

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const mibPerGiB = 1024

// place is the object that psn_placement computes for a machine and that
// psn_virtual_machine and psn_replica take as their attribute "placement".
type place struct {
	workload, classification   string
	service                    psn.ServiceID
	site, region, platform     string
	cluster                    string
	standbySite, standbyRegion string
	standbyPlatform            string
	standbyCluster             string
	resources                  psn.Resources
	sizeUnknown                bool
	active                     bool // the standby's capacity is taken every day
	modeUnknown                bool
	unknown                    policy.Unknown
}

func readPlace(v view) place {
	return place{
		workload:        v.text("workload"),
		service:         psn.ServiceID(v.text("service_id")),
		classification:  v.text("classification"),
		site:            v.text("site"),
		region:          v.text("region"),
		platform:        v.text("platform"),
		cluster:         v.text("cluster"),
		standbySite:     v.text("standby_site"),
		standbyRegion:   v.text("standby_region"),
		standbyPlatform: v.text("standby_platform"),
		standbyCluster:  v.text("standby_cluster"),
		resources: psn.Resources{
			VCPUs:      v.amount("vcpus"),
			MemoryMiB:  v.gib("memory_gib"),
			StorageMiB: v.gib("storage_gib"),
		},
		sizeUnknown: v.unknownAt("vcpus") || v.unknownAt("memory_gib") || v.unknownAt("storage_gib"),
		active:      v.text("standby_mode") == activeActive,
		modeUnknown: v.unknownAt("standby_mode"),
		unknown: unknowns(v, "service_id", "classification", "site", "platform", "cluster",
			"standby_site", "standby_platform", "standby_cluster"),
	}
}

func (p place) machine(id psn.VMID) policy.Machine {
	return policy.Machine{
		ID: id, Service: p.service, Workload: p.workload, Classification: p.classification,
		Site: p.site, Platform: p.platform, Cluster: p.cluster,
		StandbySite: p.standbySite, StandbyPlatform: p.standbyPlatform, StandbyCluster: p.standbyCluster,
		FromPlacement: true, PlacementSite: p.site, PlacementStandbySite: p.standbySite,
		Unknown: p.unknown,
	}
}

func (p place) seat(id psn.VMID) seat {
	return seat{
		vm: id, service: p.service, resources: p.resources,
		active:    spot{psn.Site(p.site), psn.Platform(p.platform), p.cluster},
		standby:   spot{psn.Site(p.standbySite), psn.Platform(p.standbyPlatform), p.standbyCluster},
		serves:    p.active,
		undecided: p.sizeUnknown || p.modeUnknown || p.site == "" || len(p.unknown) > 0, sizeUnknown: p.sizeUnknown,
	}
}

// fields lists what two places of one machine must agree on.
func (p place) fields() []struct{ name, value, unknown string } {
	return []struct{ name, value, unknown string }{
		{"service_id", string(p.service), "service"},
		{"site", p.site, "site"},
		{"platform", p.platform, "platform"},
		{"cluster", p.cluster, "cluster"},
		{"standby_site", p.standbySite, "standby_site"},
		{"standby_platform", p.standbyPlatform, "standby_platform"},
		{"standby_cluster", p.standbyCluster, "standby_cluster"},
	}
}

// regions checks that the regions written are those of the sites written.
func (s *subjects) regions(id psn.VMID, p place) {
	for _, r := range []struct{ what, site, region string }{
		{"region", p.site, p.region}, {"standby_region", p.standbySite, p.standbyRegion},
	} {
		if want := psn.Site(r.site).Region(); r.region != "" && want != "" && string(want) != r.region {
			s.findings = append(s.findings, ruleMachine.finding(string(id),
				fmt.Sprintf("%s is %q, but %s is in %s", r.what, r.region, r.site, want)))
		}
	}
}
