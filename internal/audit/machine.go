package audit

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// virtualMachine judges a machine by its own attributes. Its place is said up to
// three times: by the machine itself, by its attribute "placement", and by the
// psn_placement that this was taken from; they have to agree.
func (s *subjects) virtualMachine(v view) {
	id := psn.VMID(v.text("id"))
	own := readPlace(v)
	given := v.object("placement")
	taken := readPlace(given)
	key := id // of the assignment: a machine may bear a name of its own
	if name := given.text("vm"); name != "" {
		key = psn.VMID(string(taken.service.Tenant()) + "/" + name)
	}
	assigned, ok := s.placed[key]
	if ok {
		s.compare(id, v.where+".placement", taken, assigned)
		s.once(id, key)
	} else {
		own.active, own.modeUnknown = taken.active, taken.modeUnknown
		own.resources, own.sizeUnknown = size(v)
		s.seats = append(s.seats, own.seat(id))
		assigned = taken
	}
	m := own.machine(id)
	m.Workload = taken.workload
	m.FromPlacement = v.present("placement")
	if v.unknownAt("placement") {
		m.Unknown["from_placement"] = true
	}
	if m.FromPlacement {
		s.compareRest(id, v, own, assigned)
	}
	m.PlacementSite, m.PlacementStandbySite = assigned.site, assigned.standbySite
	for _, f := range []string{"site", "standby_site"} {
		if assigned.unknown[f] {
			m.Unknown["placement_"+f] = true
		}
	}
	s.regions(id, own)
	s.addMachine(key, m)
}

// once reports a second machine that takes the same assignment.
func (s *subjects) once(id, key psn.VMID) {
	if other, taken := s.takenBy[key]; taken {
		s.findings = append(s.findings, ruleMachine.finding(string(id), fmt.Sprintf("the machine takes the assignment %s, which machine %s takes too", key, other)))
	}
	s.takenBy[key] = id
}

// compare reports where a place contradicts the one it was taken from.
func (s *subjects) compare(id psn.VMID, where string, taken, from place) {
	theirs := from.fields()
	for i, mine := range taken.fields() {
		if taken.unknown[mine.unknown] || from.unknown[mine.unknown] || mine.value == theirs[i].value {
			continue
		}
		s.findings = append(s.findings, ruleMachine.finding(string(id),
			fmt.Sprintf("%s.%s is %q, but the psn_placement says %q", where, mine.name, mine.value, theirs[i].value)))
	}
	if taken.active != from.active && !taken.modeUnknown && !from.modeUnknown {
		s.findings = append(s.findings, ruleMachine.finding(string(id), fmt.Sprintf("%s.standby_mode is not that of the psn_placement", where)))
	}
	if !taken.sizeUnknown && !from.sizeUnknown && taken.resources != from.resources {
		s.findings = append(s.findings, ruleMachine.finding(string(id),
			fmt.Sprintf("%s has %s, but the psn_placement says %s", where, inUnits(taken.resources), inUnits(from.resources))))
	}
}

// compareRest compares the machine's own attributes with its placement: size,
// and every part of the place but the sites, which PLC-007 judges.
func (s *subjects) compareRest(id psn.VMID, v view, own, from place) {
	theirs := from.fields()
	for i, mine := range own.fields() {
		skip := mine.name == "site" || mine.name == "standby_site"
		if skip || own.unknown[mine.unknown] || from.unknown[mine.unknown] || mine.value == theirs[i].value {
			continue
		}
		s.findings = append(s.findings, ruleMachine.finding(string(id),
			fmt.Sprintf("%s.%s is %q, but its placement says %q", v.where, mine.name, mine.value, theirs[i].value)))
	}
	if has, unknown := size(v); !unknown && !from.sizeUnknown && !has.Fits(from.resources) {
		s.findings = append(s.findings, ruleMachine.finding(string(id),
			fmt.Sprintf("%s has %s, more than the %s of its placement", v.where, inUnits(has), inUnits(from.resources))))
	}
}

// size is what a machine takes by its own attributes.
func size(v view) (r psn.Resources, unknown bool) {
	r = psn.Resources{VCPUs: v.amount("vcpus"), MemoryMiB: v.gib("memory_gib")}
	unknown = v.unknownAt("vcpus") || v.unknownAt("memory_gib") || v.unknownAt("disks")
	for _, d := range v.list("disks") {
		r.StorageMiB = plus(r.StorageMiB, d.gib("size_gib"))
		unknown = unknown || d.unknownAt("size_gib")
	}
	return r, unknown
}

func inUnits(r psn.Resources) string {
	return fmt.Sprintf("%d vCPUs, %d MiB of memory, %d MiB of storage", r.VCPUs, r.MemoryMiB, r.StorageMiB)
}

// workloads compares the assignments of a psn_placement with the workloads it
// was asked to place: every machine once, with its size, class and limits.
func (s *subjects) workloads(v view, assigned map[string]place) {
	if v.unknownAt("workloads") || v.unknownAt("assignments") {
		s.unforeseen(v)
		return
	}
	tenant := v.text("tenant_id")
	wanted := map[string]bool{}
	for name, w := range v.objects("workloads") {
		want := readPlace(w)
		for n := int64(1); n <= min(w.amount("instances"), int64(len(assigned))+1); n++ {
			key := fmt.Sprintf("%s-%d", name, n)
			wanted[key] = true
			subject := tenant + "/" + key
			got, ok := assigned[key]
			if !ok {
				s.findings = append(s.findings, ruleMachine.finding(subject, fmt.Sprintf("workload %q asks for the machine, assignments do not have it", name)))
				continue
			}
			s.workload(subject, w, want, got)
			s.modes(subject, w, got)
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

// unforeseen reports the workloads of which the plan cannot even tell the
// machines: nothing else would speak of them.
func (s *subjects) unforeseen(v view) {
	report := func(subject string, w view) {
		class := psn.Classification(w.text("classification"))
		for _, r := range []struct {
			rule  string
			above psn.Classification
		}{{"PLC-001", psn.Critical}, {"PLC-002", psn.Strategic}} {
			if class.Rank() == 0 || class.Rank() >= r.above.Rank() {
				s.findings = append(s.findings, undecidable(r.rule, subject, "the machines and their places are not known yet"))
			}
		}
	}
	workloads := v.objects("workloads")
	if v.unknownAt("workloads") || len(workloads) == 0 {
		report(v.text("id"), view{err: v.err})
		return
	}
	for name, w := range workloads {
		report(v.text("tenant_id")+"/"+name, w)
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

// replica judges a machine that is being brought in. Every replica of a
// psn_replica is asynchronous; when its failover was last tested is not in the
// file.
func (s *subjects) replica(v view) {
	id := psn.VMID(v.text("id"))
	given := v.object("placement")
	taken := readPlace(given)
	key := psn.VMID(string(taken.service.Tenant()) + "/" + given.text("vm"))
	if assigned, ok := s.placed[key]; ok {
		s.compare(id, v.where+".placement", taken, assigned)
		s.once(id, key)
	} else {
		s.regions(id, taken)
		s.seats = append(s.seats, taken.seat(id))
		s.addMachine(id, taken.machine(id))
	}
	unknown := merge(unknowns(v, "rpo"), policy.Unknown{"last_test": true})
	for _, f := range []struct{ from, to string }{{"service", "service"}, {"site", "to_site"}} {
		if taken.unknown[f.from] {
			unknown[f.to] = true
		}
	}
	s.doc.Replicas = append(s.doc.Replicas, policy.Replica{
		ID: id, Service: taken.service, Mode: "asynchronous", FromSite: v.object("source").text("name"), ToSite: taken.site,
		RPO: v.duration("rpo"), Unknown: unknown,
	})
}
