package audit

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// subjects is one view of the file in the words of the domain.
type subjects struct {
	doc         policy.Document
	seats       []seat
	inventories [][]psn.SiteInventory // distinct ones, as recorded
	rooms       []Room                // what the clusters have left, derived
	findings    []psn.Finding         // of the audit's own rules, met while reading
	pending     []pending             // derogations that are not known yet

	placed   map[psn.VMID]place    // what the psn_placement resources assign
	machines map[psn.VMID]int      // index in doc.Machines
	takenBy  map[psn.VMID]psn.VMID // which machine takes an assignment
	seen     map[string]bool       // inventories by content

	region     bool        // a placement asks that the loss of a region is survived
	allowances []allowance // quotas, held against seats once all are known
	demanding  []demanding // placements, likewise

	tenancy map[string]map[string]bool // which placements use a cluster, by its id in findings
}

// read makes subjects of resources. It fails with psn.InvalidInput when an
// attribute is not of the provider's type.
func read(resources []Resource, now time.Time) (*subjects, error) {
	s := &subjects{
		doc:      policy.Document{Now: now},
		placed:   map[psn.VMID]place{},
		machines: map[psn.VMID]int{},
		takenBy:  map[psn.VMID]psn.VMID{},
		seen:     map[string]bool{},
		tenancy:  map[string]map[string]bool{},
	}
	var err error
	// Placements come first: machines are compared with them.
	for _, step := range []map[string]func(view){
		{"psn_tenant": s.tenant, "psn_service": s.service, "psn_placement": s.placement},
		{"psn_virtual_machine": s.virtualMachine},
		{"psn_replica": s.replica},
	} {
		for _, r := range resources {
			if step["psn_placement"] != nil && (r.After["derogations"] != nil || r.Unknown["derogations"] != nil) {
				s.derogate(r.Type, viewOf(r, &err))
			}
			if add := step[r.Type]; add != nil {
				add(viewOf(r, &err))
			}
			if err != nil {
				return nil, err
			}
		}
	}
	s.withinQuotas()
	s.supplied()
	return s, err
}

// unknowns names the fields of the neutral document whose attribute is not
// known yet. Fields are named as attributes, without the ending "_id".
func unknowns(v view, attributes ...string) policy.Unknown {
	u := policy.Unknown{}
	for _, a := range attributes {
		if v.unknownAt(a) {
			u[strings.TrimSuffix(a, "_id")] = true
		}
	}
	return u
}

func merge(a, b policy.Unknown) policy.Unknown {
	for k := range b {
		a[k] = true
	}
	return a
}

func (s *subjects) tenant(v view) {
	s.doc.Tenants = append(s.doc.Tenants, policy.Tenant{
		ID:         psn.TenantID(v.text("id")),
		Name:       v.text("name"),
		IPACode:    v.text("ipa_code"),
		FiscalCode: v.text("fiscal_code"),
		CUP:        v.text("cup"),
		Unknown:    unknowns(v, "name", "ipa_code", "fiscal_code", "cup"),
	})
	s.allow(v, psn.TenantID(v.text("id")), nil, true)
}

func (s *subjects) service(v view) {
	continuity := v.object("continuity")
	s.doc.Services = append(s.doc.Services, policy.Service{
		ID:                     psn.ServiceID(v.text("id")),
		Tenant:                 psn.TenantID(v.text("tenant_id")),
		Name:                   v.text("name"),
		Category:               v.text("category"),
		Classification:         v.text("classification"),
		PriorClassification:    priorClass(v),
		ClassificationState:    v.text("classification_state"),
		ClassificationDate:     v.text("classification_date"),
		Reclassification:       newAct(v),
		RPO:                    continuity.duration("rpo"),
		RTO:                    continuity.duration("rto"),
		DataLocation:           v.text("data_location"),
		DataLocationDerogation: v.text("data_location_derogation"),
		Qualification:          v.text("qualification"),
		BackupPolicy:           v.text("backup_policy"),
		KeyReference:           v.text("key_reference"),
		KeyManagement:          v.text("key_management"),
		HSM:                    v.text("hsm"),
		MetadataLocation:       v.text("metadata_location"),
		LogLocation:            v.text("log_location"),
		BackupLocation:         v.text("backup_location"),
		SiteList:               v.text("site_list"),
		AccessProcedure:        v.text("access_procedure"),
		StaffList:              v.text("staff_list"),
		Unknown: merge(
			unknowns(v, "id", "tenant_id", "name", "category", "classification", "classification_state", "classification_date",
				"reclassification", "data_location", "data_location_derogation", "backup_policy", "key_reference",
				"key_management", "hsm", "qualification", "metadata_location", "log_location", "backup_location", "site_list", "access_procedure", "staff_list"),
			unknowns(continuity, "rpo", "rto"),
		),
	})
	s.dossier(v)
}

// priorClass is the class the service had before the plan, "" when it is new.
func priorClass(v view) string {
	class, _ := v.before["classification"].(string)
	return class
}

// newAct is the reference of an act of reclassification that is new in this
// plan: one that stands there already was for an earlier change.
func newAct(v view) string {
	act := v.text("reclassification")
	if before, _ := v.before["reclassification"].(string); before == act {
		return ""
	}
	return act
}

func (s *subjects) placement(v view) {
	assigned := map[string]place{}
	for key, a := range v.objects("assignments") {
		p := readPlace(a)
		assigned[key] = p
		id := psn.VMID(v.text("tenant_id") + "/" + key)
		if _, twice := s.placed[id]; twice {
			s.findings = append(s.findings, ruleMachine.finding(string(id), "two psn_placement resources assign the machine"))
			continue
		}
		s.placed[id] = p
		s.regions(id, p)
		seat := p.seat(id)
		seat.kept = v.integer("dr_reserve")
		s.seats = append(s.seats, seat)
		s.uses(v.where, seat.active, seat.standby)
		s.addMachine(id, p.machine(id))
	}
	s.workloads(v, assigned)
	s.wishes(v, assigned)
	s.inventory(v)
	s.allow(v, psn.TenantID(v.text("tenant_id")), slices.Collect(maps.Values(assigned)), false)
}

// uses notes the clusters on which a placement puts machines.
func (s *subjects) uses(placement string, clusters ...spot) {
	for _, at := range clusters {
		if id := at.id(); at.site != "" {
			if s.tenancy[id] == nil {
				s.tenancy[id] = map[string]bool{}
			}
			s.tenancy[id][placement] = true
		}
	}
}

// addMachine adds a machine, or replaces what a placement said of it. key is the
// id by which a placement assigns it.
func (s *subjects) addMachine(key psn.VMID, m policy.Machine) {
	if i, ok := s.machines[key]; ok {
		m.AntiAffinity = s.doc.Machines[i].AntiAffinity
		s.doc.Machines[i] = m
		return
	}
	s.machines[key] = len(s.doc.Machines)
	s.doc.Machines = append(s.doc.Machines, m)
}

func (s *subjects) inventory(v view) {
	raw, err := json.Marshal(v.values["inventory"])
	if err != nil || s.seen[string(raw)] || !v.present("inventory") {
		return
	}
	s.seen[string(raw)] = true
	s.inventories = append(s.inventories, readInventory(v))
}
