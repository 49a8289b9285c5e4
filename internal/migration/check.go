package migration

import (
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Defaults of a Spec's zero fields.
const (
	defaultHealthWithin  = 10 * time.Minute
	defaultCutoverWithin = 4 * time.Hour
	minRPO               = time.Second
)

// Check is CheckAt on the day of the system's clock.
func (s Spec) Check() error { return s.CheckAt(time.Now()) }

// CheckAt returns the first thing that is wrong with the request, naming the
// field, the value and the remedy. Derogations are judged on the day of now.
func (s Spec) CheckAt(now time.Time) error {
	if _, err := psn.ParseVMID(string(s.ID)); err != nil {
		return err
	}
	if _, err := psn.ParseServiceID(string(s.Service)); err != nil {
		return err
	}
	if s.ID.Tenant() != s.Service.Tenant() {
		return invalid("service %q belongs to tenant %q, the machine %q to %q: name a service of the machine's tenant", s.Service, s.Service.Tenant(), s.ID, s.ID.Tenant())
	}
	if _, err := psn.ParseClassification(string(s.Classification)); err != nil {
		return err
	}
	if _, err := psn.ParseSite(string(s.Target.Site)); err != nil {
		return err
	}
	if _, err := psn.ParsePlatform(string(s.Target.Platform)); err != nil {
		return err
	}
	switch {
	case s.Source.Name == "":
		return invalid("source name is empty: name a source of the configuration")
	case s.Source.VM == "":
		return invalid("source machine is empty: give its name or instance UUID")
	case s.Target.Cluster == "":
		return invalid("target cluster is empty: name a cluster of site %q", s.Target.Site)
	case s.RPO < minRPO:
		return invalid("rpo is %v: use %v or more", s.RPO, minRPO)
	case s.MinDeltas < 1:
		return invalid("min_deltas is %d: use 1 or more, so that change tracking is proven before the cutover", s.MinDeltas)
	case s.BytesPerSecond < 0:
		return invalid("bytes_per_second is %d: use 0 for no limit, or a positive number", s.BytesPerSecond)
	case s.ShutdownAfter <= 0:
		return invalid("shutdown_after is %v: give the guest some time to shut down", s.ShutdownAfter)
	case s.HealthWithin < 0:
		return invalid("health_within is %v: use 0 for %v, or a positive duration", s.HealthWithin, defaultHealthWithin)
	case s.CutoverWithin < 0:
		return invalid("cutover_within is %v: use 0 for %v, or a positive duration", s.CutoverWithin, defaultCutoverWithin)
	}
	switch s.Verify {
	case VerifyTransit, VerifyReadback:
	default:
		return invalid("verify is %q: use %q or %q", s.Verify, VerifyTransit, VerifyReadback)
	}
	switch s.Health {
	case "", HealthGuest, HealthPower:
	default:
		return invalid("health is %q: use %q or %q", s.Health, HealthGuest, HealthPower)
	}
	return s.checkRules(now)
}

func invalid(format string, args ...any) error {
	return psn.Errorf(psn.InvalidInput, format, args...)
}

func (s Spec) healthWithin() time.Duration {
	if s.HealthWithin == 0 {
		return defaultHealthWithin
	}
	return s.HealthWithin
}

func (s Spec) cutoverWithin() time.Duration {
	if s.CutoverWithin == 0 {
		return defaultCutoverWithin
	}
	return s.CutoverWithin
}

// interval is how far apart delta cycles start: half the RPO, so that the lag
// stays within it while a cycle takes up to the other half.
func (s Spec) interval() time.Duration { return s.RPO / 2 }
