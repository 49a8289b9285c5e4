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
	all     bool                       // it holds for every machine of the tenant, not for own alone
	site    psn.Site                   // it holds for; "" for all together
	held    map[psn.Site]psn.Resources // by what is in no assignment
}

// allow keeps the quota of a resource: of a psn_placement for the machines it
// assigns and what the tenant's other services hold, of a psn_tenant for all of
// the tenant's machines in the file.
func (s *subjects) allow(v view, tenant psn.TenantID, own []place, all bool) {
	if v.unknownAt("quota") {
		s.findings = append(s.findings, ruleQuota.undecidable(v.text("id"), "quota is not known yet"))
		return
	}
	if !v.present("quota") {
		return
	}
	quota := v.object("quota")
	s.allowances = append(s.allowances, allowance{subject: v.text("id"), tenant: tenant, limits: quota, own: own, all: all, held: holdings(v, tenant, own)})
	if all {
		return
	}
	for _, site := range psn.Sites() {
		if limits, ok := quota.objects("sites")[string(site)]; ok {
			s.allowances = append(s.allowances, allowance{subject: v.text("id"), tenant: tenant, site: site, limits: limits, own: own, held: holdings(v, tenant, own)})
		}
	}
}

// holdings is what services of the tenant other than those of a placement run
// by its inventory, by site. Services that it placed before count as its own.
func holdings(v view, tenant psn.TenantID, own []place) map[psn.Site]psn.Resources {
	mine := map[psn.ServiceID]bool{"": true}
	for _, p := range own {
		mine[p.service] = true
	}
	was, _ := v.before["assignments"].(map[string]any)
	for _, a := range was {
		if fields, ok := a.(map[string]any); ok {
			service, _ := fields["service_id"].(string)
			mine[psn.ServiceID(service)] = true
		}
	}
	out := map[psn.Site]psn.Resources{}
	for _, s := range readInventory(v) {
		if !s.Reachable() {
			continue
		}
		for _, c := range s.Clusters {
			for _, m := range c.Commitments {
				if m.Tenant == tenant && m.ForSite == "" && !mine[m.Service] {
					out[s.Site] = sum(out[s.Site], m.Resources)
				}
			}
		}
	}
	return out
}

// withinQuotas holds what is taken against every quota. A standby counts for
// nothing unless it serves, as at plan time.
func (s *subjects) withinQuotas() {
	for _, a := range s.allowances {
		taken, unsure := a.taken(s.seats)
		where := ""
		if a.site != "" {
			where = " at " + string(a.site)
		}
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
				s.findings = append(s.findings, ruleQuota.finding(a.subject, fmt.Sprintf("the machines of the file take %d %s%s, the quota is %d", q.taken, q.unit, where, limit)))
			case unsure:
				s.findings = append(s.findings, ruleQuota.undecidable(a.subject, "the size of a machine is not known yet"))
			}
		}
	}
}

// taken adds up what counts against a quota; unsure says that the size or place
// of a machine is not known.
func (a allowance) taken(seats []seat) (all psn.Resources, unsure bool) {
	count := func(s seat) {
		if a.site == "" || s.active.site == a.site {
			all = sum(all, s.resources)
		}
		if s.serves && s.standby.site != "" && (a.site == "" || s.standby.site == a.site) {
			all = sum(all, s.resources)
		}
		unsure = unsure || s.sizeUnknown || a.site != "" && s.undecided
	}
	for site, r := range a.held {
		if a.site == "" || site == a.site {
			all = sum(all, r)
		}
	}
	for _, p := range a.own {
		count(p.seat(""))
	}
	if !a.all {
		return all, unsure
	}
	for _, s := range seats {
		if s.service.Tenant() == a.tenant {
			count(s)
		}
	}
	return all, unsure || slices.ContainsFunc(seats, func(s seat) bool { return s.service == "" && s.undecided })
}

func gibUp(mib int64) int64 { return (mib + mibPerGiB - 1) / mibPerGiB }
