package audit

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// virtualMachine judges a machine by its own attributes, and compares them with
// what a psn_placement of the file assigns.
func (s *subjects) virtualMachine(v view) {
	id := psn.VMID(v.text("id"))
	p := readPlace(v.object("placement"))
	s.compare(id, v, p)
	m := p.machine(id)
	if own, ok := s.placed[id]; ok {
		m.PlacementSite, m.PlacementStandbySite = own.site, own.standbySite
		m.AntiAffinity = s.doc.Machines[s.machines[id]].AntiAffinity
	} else {
		s.regions(id, p)
		s.seats = append(s.seats, p.seat(id))
	}
	s.addMachine(m)
}

// compare reports where the place of a resource contradicts its placement.
func (s *subjects) compare(id psn.VMID, v view, p place) {
	own, ok := s.placed[id]
	if !ok {
		return
	}
	theirs := own.fields()
	for i, mine := range p.fields() {
		if p.unknown[mine.unknown] || own.unknown[mine.unknown] || mine.value == theirs[i].value {
			continue
		}
		s.findings = append(s.findings, ruleMachine.finding(string(id),
			fmt.Sprintf("%s: %s is %q, but its psn_placement says %q", v.where, mine.name, mine.value, theirs[i].value)))
	}
	if !p.sizeUnknown && !own.sizeUnknown && p.resources != own.resources {
		s.findings = append(s.findings, ruleMachine.finding(string(id),
			fmt.Sprintf("%s: the size is %s, but its psn_placement says %s", v.where, inUnits(p.resources), inUnits(own.resources))))
	}
}

func inUnits(r psn.Resources) string {
	return fmt.Sprintf("%d vCPUs, %d MiB of memory, %d MiB of storage", r.VCPUs, r.MemoryMiB, r.StorageMiB)
}

// workloads compares the assignments of a psn_placement with the workloads it
// was asked to place: every machine once, with its size, class and limits.
func (s *subjects) workloads(v view, assigned map[string]place) {
	if v.unknownAt("workloads") || v.unknownAt("assignments") {
		return
	}
	tenant := v.text("tenant_id")
	wanted := map[string]bool{}
	for name, w := range v.objects("workloads") {
		want := readPlace(w)
		for n := int64(1); n <= min(w.integer("instances"), int64(len(assigned))+1); n++ {
			key := fmt.Sprintf("%s-%d", name, n)
			wanted[key] = true
			subject := tenant + "/" + key
			got, ok := assigned[key]
			if !ok {
				s.findings = append(s.findings, ruleMachine.finding(subject, fmt.Sprintf("workload %q asks for the machine, assignments do not have it", name)))
				continue
			}
			s.workload(subject, w, want, got)
			if w.flag("anti_affinity") {
				s.doc.Machines[s.machines[psn.VMID(subject)]].AntiAffinity = tenant + "/" + name
			}
		}
	}
	for key := range assigned {
		if !wanted[key] {
			s.findings = append(s.findings, ruleMachine.finding(tenant+"/"+key, "assignments have the machine, no workload asks for it"))
		}
	}
}

// workload compares one assignment with its workload.
func (s *subjects) workload(subject string, w view, want, got place) {
	differ := func(format string, args ...any) {
		s.findings = append(s.findings, ruleMachine.finding(subject, fmt.Sprintf(format, args...)))
	}
	if !want.sizeUnknown && !got.sizeUnknown && want.resources != got.resources {
		differ("the assignment has %s, the workload asks for %s", inUnits(got.resources), inUnits(want.resources))
	}
	for _, f := range []struct{ name, want, got, unknown string }{
		{"service_id", string(want.service), string(got.service), "service"},
		{"classification", want.classification, got.classification, "classification"},
	} {
		if f.want != f.got && !want.unknown[f.unknown] && !got.unknown[f.unknown] {
			differ("the assignment has %s %q, the workload %q", f.name, f.got, f.want)
		}
	}
	for _, f := range []struct{ limit, what, got string }{
		{"sites", "site", got.site},
		{"platforms", "platform", got.platform}, {"platforms", "standby_platform", got.standbyPlatform},
		{"regions", "region of the site", string(psn.Site(got.site).Region())},
		{"regions", "region of the standby", string(psn.Site(got.standbySite).Region())},
	} {
		if allowed := w.texts(f.limit); f.got != "" && len(allowed) > 0 && !allowed[f.got] {
			differ("%s %q is not among the %s the workload allows", f.what, f.got, f.limit)
		}
	}
}

// replica judges a machine that is being brought in.
func (s *subjects) replica(v view) {
	id := psn.VMID(v.text("id"))
	p := readPlace(v.object("placement"))
	s.compare(id, v, p)
	s.doc.Replicas = append(s.doc.Replicas, policy.Replica{ID: id})
}
