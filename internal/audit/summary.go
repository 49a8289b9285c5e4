package audit

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Tenant is an administration as the file has it. NotKnown names, in this and
// the types below, what is known after apply only.
type Tenant struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	IPACode    string   `json:"ipa_code"`
	FiscalCode string   `json:"fiscal_code"`
	CUP        string   `json:"cup"`
	NotKnown   []string `json:"not_known"`
}

// Service is a service as declared, with the qualification levels its class
// demands and its target is declared to have, "" when it is not.
type Service struct {
	ID                  string   `json:"id"`
	Tenant              string   `json:"tenant"`
	Name                string   `json:"name"`
	Category            string   `json:"category"`
	Classification      string   `json:"classification"`
	ClassificationState string   `json:"classification_state"`
	ClassificationDate  string   `json:"classification_date"`
	RequiredLevel       string   `json:"required_level"`
	TargetLevel         string   `json:"target_level"`
	RPO                 string   `json:"rpo"`
	RTO                 string   `json:"rto"`
	DataLocation        string   `json:"data_location"`
	BackupPolicy        string   `json:"backup_policy"`
	KeyReference        string   `json:"key_reference"`
	NotKnown            []string `json:"not_known"`
}

// Machine is a machine with its place and that of its standby.
type Machine struct {
	ID              string `json:"id"`
	Service         string `json:"service"`
	Workload        string `json:"workload"`
	Classification  string `json:"classification"`
	Site            string `json:"site"`
	Platform        string `json:"platform"`
	Cluster         string `json:"cluster"`
	StandbySite     string `json:"standby_site"`
	StandbyPlatform string `json:"standby_platform"`
	StandbyCluster  string `json:"standby_cluster"`
	// DistanceKm is the straight line between site and standby, to 100 m; zero
	// without a standby.
	DistanceKm float64 `json:"distance_km"`
	// Role is what the standby counts as: "dr" in the other region, "ha" in the
	// same one, "none", or "not known".
	Role       string   `json:"role"`
	VCPUs      int64    `json:"vcpus"`
	MemoryMiB  int64    `json:"memory_mib"`
	StorageMiB int64    `json:"storage_mib"`
	NotKnown   []string `json:"not_known"`
}

// Room is what a cluster has and has left, normally (Lost "") or when a site or a
// whole region is lost. Derived here from the recorded inventory.
type Room struct {
	Site     psn.Site     `json:"site"`
	Platform psn.Platform `json:"platform"`
	Cluster  string       `json:"cluster"`
	Lost     psn.Site     `json:"lost_site"`
	// LostRegion is set where a placement asks that the loss of a region is survived.
	LostRegion psn.Region    `json:"lost_region,omitempty"`
	Capacity   psn.Resources `json:"capacity"`
	Free       psn.Resources `json:"free"`

	reserved psn.Resources // of what is not free: what standbys take over
	margin   psn.Resources // what is to be kept beside it
}

// Normal reports whether nothing is lost.
func (r Room) Normal() bool { return r.Lost == "" && r.LostRegion == "" }

// describe fills the parts of the report that tell what was judged.
func (r *Report) describe(s *subjects) {
	r.Tenants, r.Services, r.Machines = []Tenant{}, []Service{}, []Machine{}
	for _, t := range s.doc.Tenants {
		r.Tenants = append(r.Tenants, Tenant{string(t.ID), t.Name, t.IPACode, t.FiscalCode, t.CUP, names(t.Unknown)})
	}
	for _, v := range s.doc.Services {
		r.Services = append(r.Services, describeService(v))
	}
	sizes := map[psn.VMID]psn.Resources{}
	for _, seat := range s.seats {
		sizes[seat.vm] = seat.resources
	}
	for key, i := range s.machines {
		m := s.doc.Machines[i]
		size, ok := sizes[key]
		if !ok {
			size = sizes[m.ID]
		}
		r.Machines = append(r.Machines, describeMachine(m, size))
	}
	slices.SortFunc(r.Tenants, func(a, b Tenant) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(r.Services, func(a, b Service) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(r.Machines, func(a, b Machine) int { return cmp.Compare(a.ID, b.ID) })
	r.Headroom = append([]Room{}, s.rooms...)
	slices.SortStableFunc(r.Headroom, func(a, b Room) int {
		return cmp.Or(cmp.Compare(slices.Index(psn.Sites(), a.Site), slices.Index(psn.Sites(), b.Site)), cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Cluster, b.Cluster))
	})
	r.Derogations = r.derogations(s)
}

func describeService(s policy.Service) Service {
	out := Service{
		ID: string(s.ID), Tenant: string(s.Tenant), Name: s.Name, Category: s.Category, Classification: s.Classification,
		ClassificationState: s.ClassificationState, ClassificationDate: s.ClassificationDate,
		TargetLevel: s.Qualification, DataLocation: s.DataLocation, BackupPolicy: s.BackupPolicy, KeyReference: s.KeyReference,
		NotKnown: names(s.Unknown),
	}
	if class, err := psn.ParseClassification(s.Classification); err == nil {
		out.RequiredLevel = string(catalog.MinimumLevel(class))
	}
	if s.RPO > 0 {
		out.RPO = brief(s.RPO.String())
	}
	if s.RTO > 0 {
		out.RTO = brief(s.RTO.String())
	}
	return out
}

// brief writes a duration without its zero parts: "4h0m0s" is "4h".
func brief(d string) string {
	if strings.HasSuffix(d, "m0s") {
		d = strings.TrimSuffix(d, "0s")
	}
	if strings.HasSuffix(d, "h0m") {
		d = strings.TrimSuffix(d, "0m")
	}
	return d
}

func describeMachine(m policy.Machine, size psn.Resources) Machine {
	out := Machine{
		ID: string(m.ID), Service: string(m.Service), Workload: m.Workload, Classification: m.Classification,
		Site: m.Site, Platform: m.Platform, Cluster: m.Cluster,
		StandbySite: m.StandbySite, StandbyPlatform: m.StandbyPlatform, StandbyCluster: m.StandbyCluster,
		VCPUs: size.VCPUs, MemoryMiB: size.MemoryMiB, StorageMiB: size.StorageMiB, NotKnown: names(m.Unknown),
	}
	at, standby := psn.Site(m.Site), psn.Site(m.StandbySite)
	switch {
	case m.Unknown.Has("site") || m.Unknown.Has("standby_site"):
		out.Role = "not known"
	case !at.Valid() || !standby.Valid() || at == standby:
		out.Role = "none"
	default:
		d, _ := catalog.DistanceBetween(at, standby)
		out.DistanceKm, out.Role = float64(d)/10, "dr"
		if at.Region() == standby.Region() {
			out.Role = "ha"
		}
	}
	return out
}

func names(u policy.Unknown) []string {
	out := []string{}
	for _, n := range slices.Sorted(maps.Keys(u)) {
		if u[n] {
			out = append(out, n)
		}
	}
	return out
}
