package audit

import (
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// allowance is a quota that the file records.
type allowance struct {
	subject string // natural id of the resource that has it
	tenant  psn.TenantID
	limits  view // its attribute quota
	own     []place
	all     bool // it holds for every machine of the tenant, not for own alone
}

// allow keeps the quota of a resource: of a psn_placement for the machines it
// assigns, of a psn_tenant for all of its machines in the file.
func (s *subjects) allow(v view, tenant psn.TenantID, own []place, all bool) {
	if v.unknownAt("quota") {
		s.findings = append(s.findings, ruleQuota.undecidable(v.text("id"), "quota is not known yet"))
		return
	}
	if v.present("quota") {
		s.allowances = append(s.allowances, allowance{v.text("id"), tenant, v.object("quota"), own, all})
	}
}

// withinQuotas holds what the machines take against every quota. A standby
// counts for nothing, as at plan time.
func (s *subjects) withinQuotas() {
	for _, a := range s.allowances {
		taken, unsure := a.taken(s.seats)
		for _, q := range []struct {
			name, unit string
			taken      int64
		}{
			{"vcpus", "vCPUs", taken.VCPUs},
			{"memory_gib", "GiB of memory", gibUp(taken.MemoryMiB)},
			{"storage_gib", "GiB of storage", gibUp(taken.StorageMiB)},
		} {
			limit := a.limits.integer(q.name)
			switch {
			case a.limits.unknownAt(q.name):
				s.findings = append(s.findings, ruleQuota.undecidable(a.subject, q.name+" is not known yet"))
			case !a.limits.present(q.name) || limit < 0: // unlimited
			case q.taken > limit:
				s.findings = append(s.findings, ruleQuota.finding(a.subject, fmt.Sprintf("the machines of the file take %d %s, the quota is %d", q.taken, q.unit, limit)))
			case unsure:
				s.findings = append(s.findings, ruleQuota.undecidable(a.subject, "the size of a machine is not known yet"))
			}
		}
	}
}

// taken adds up the machines of a quota; unsure says that the size of one is
// not known.
func (a allowance) taken(seats []seat) (sum psn.Resources, unsure bool) {
	for _, p := range a.own {
		sum = sum.Add(p.resources)
		unsure = unsure || p.sizeUnknown
	}
	if !a.all {
		return sum, unsure
	}
	for _, s := range seats {
		if s.service.Tenant() == a.tenant {
			sum = sum.Add(s.resources)
			unsure = unsure || s.sizeUnknown
		}
	}
	return sum, unsure || slices.ContainsFunc(seats, func(s seat) bool { return s.service == "" && s.undecided })
}

func gibUp(mib int64) int64 { return (mib + mibPerGiB - 1) / mibPerGiB }
