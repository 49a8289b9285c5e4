package policy

import (
	"fmt"
	"time"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func (e *evaluation) synchronousOnlyNear() {
	most := e.params["max_sync_km"]
	for _, r := range e.doc.Replicas {
		subject := string(r.ID)
		if e.unknown(subject, r.Unknown, "mode") {
			continue
		}
		switch r.Mode {
		case "asynchronous":
			continue
		case "synchronous":
		default:
			e.fail(subject, fmt.Sprintf("replica %s has mode %q, which does not exist", r.ID, r.Mode), "use \"synchronous\" or \"asynchronous\"")
			continue
		}
		if e.unknown(subject, r.Unknown, "from_site", "to_site") {
			continue
		}
		d, ok := catalog.DistanceBetween(psn.Site(r.FromSite), psn.Site(r.ToSite))
		switch {
		case !ok:
			e.add(e.rule.Severity, psn.Undecidable, subject, fmt.Sprintf("replica %s is synchronous from %q to %q, and the distance between them is not known", r.ID, r.FromSite, r.ToSite),
				"use asynchronous replication from a source outside the PSN")
		case int64(d) > most*10:
			e.fail(subject, fmt.Sprintf("replica %s is synchronous over %s from %s to %s (round trip of at least %s); the maximum is %d km", r.ID, d, r.FromSite, r.ToSite, time.Duration(d.MinRTTMicroseconds())*time.Microsecond, most),
				"use asynchronous replication between regions")
		}
	}
}

func (e *evaluation) objectivesDeclaredAndKept() {
	for _, s := range e.doc.Services {
		low, high := serviceClasses(s)
		e.byClass(string(s.ID), low, high, func(c psn.Classification) result {
			if !c.Protected() {
				return result{}
			}
			for _, o := range []struct {
				field, name string
				value       time.Duration
			}{{"rpo", "RPO", s.RPO}, {"rto", "RTO", s.RTO}} {
				switch {
				case s.Unknown.Has(o.field):
					return result{unknown: o.field}
				case o.value <= 0:
					return result{message: fmt.Sprintf("service %s is %s and declares no %s", s.ID, c, o.name), remedy: fmt.Sprintf("set continuity.%s, for example %q", o.field, "15m")}
				}
				most := e.params[fmt.Sprintf("max_%s_minutes_%s", o.field, c)]
				if most > 0 && o.value > time.Duration(most)*time.Minute {
					return result{message: fmt.Sprintf("service %s is %s and declares an %s of %s; the chosen maximum is %d minutes", s.ID, c, o.name, o.value, most), remedy: "lower the objective, or raise the maximum"}
				}
			}
			return result{}
		})
	}
	for _, r := range e.doc.Replicas {
		e.intervalKeepsRPO(r)
	}
}

// intervalKeepsRPO compares the replica's own objectives with each other and
// with those of its service.
func (e *evaluation) intervalKeepsRPO(r Replica) {
	subject := string(r.ID)
	if e.unknown(subject, r.Unknown, "interval", "rpo") {
		return
	}
	s, listed := e.services[r.Service]
	limit, whose := r.RPO, "its RPO"
	if listed && s.RPO > 0 && !s.Unknown.Has("rpo") {
		if r.RPO > s.RPO {
			e.fail(subject, fmt.Sprintf("replica %s has an RPO of %s, more than the %s of service %s", r.ID, r.RPO, s.RPO, s.ID), fmt.Sprintf("set the RPO of the replica to at most %s", s.RPO))
		}
		if limit == 0 || s.RPO < limit {
			limit, whose = s.RPO, "the RPO of service "+string(s.ID)
		}
	}
	switch {
	case listed && s.Unknown.Has("rpo") && r.Interval > 0:
		e.undecided(e.rule.Severity, subject, "rpo of service "+string(s.ID))
	case limit > 0 && r.Interval > limit:
		e.fail(subject, fmt.Sprintf("replica %s is brought up to date every %s, %s is %s", r.ID, r.Interval, whose, limit), fmt.Sprintf("set the interval to at most %s", limit))
	}
}

func (e *evaluation) failoverWasTested() {
	most := e.params["max_test_age_days"]
	for _, r := range e.doc.Replicas {
		subject := string(r.ID)
		if e.unknown(subject, r.Unknown, "last_test") {
			continue
		}
		const remedy = "run a test failover and record it"
		switch {
		case r.LastTest.IsZero():
			e.fail(subject, fmt.Sprintf("replica %s was never tested by a failover", r.ID), remedy)
		case e.doc.Now.IsZero():
			e.add(e.rule.Severity, psn.Undecidable, subject, fmt.Sprintf("the age of the last test failover of replica %s is not known: no date was given to compare with", r.ID), "evaluate with the present date")
		default:
			if days := int64(e.doc.Now.Sub(r.LastTest) / (24 * time.Hour)); days > most {
				e.fail(subject, fmt.Sprintf("the last test failover of replica %s is %d days old; the maximum is %d", r.ID, days, most), remedy)
			}
		}
	}
}
