package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// packs applies test to every evidence pack, whatever the class of its service.
func (e *evaluation) packs(test func(Evidence) result) {
	for _, ev := range e.doc.Evidence {
		r := test(ev)
		switch {
		case r.unknown != "":
			e.undecided(e.rule.Severity, string(ev.Service), r.unknown)
		case r.message != "":
			e.fail(string(ev.Service), "evidence of service "+string(ev.Service)+": "+r.message, r.remedy)
		}
	}
}

// packsFor is packs for the destinations that call for the evidence; "" counts
// as "iaas", which calls for all of it.
func (e *evaluation) packsFor(destinations []string, test func(Evidence) result) {
	e.packs(func(ev Evidence) result {
		to := ev.Destination
		if to == "" {
			to = "iaas"
		}
		if !ev.Unknown.Has("destination") && !slices.Contains(destinations, to) {
			return result{}
		}
		r := test(ev)
		if !r.ok() && ev.Unknown.Has("destination") {
			return result{unknown: "destination"}
		}
		return r
	})
}

func failed(format string, args ...any) result {
	return result{message: fmt.Sprintf(format, args...), remedy: "complete the evidence pack before it goes to the auditor"}
}

func (e *evaluation) contractIsNamed() {
	e.packs(func(ev Evidence) result {
		return demand("it", ev.Unknown, "name the contract and the reference in the catalogue", field{"contract", ev.Contract}, field{"catalogue_reference", ev.CatalogueReference})
	})
}

func (e *evaluation) reportCoversTheMigration() {
	e.packsFor([]string{"iaas", "paas"}, func(ev Evidence) result {
		if ev.Unknown.Has("report") {
			return result{unknown: "report"}
		}
		if ev.Report == nil {
			return failed("there is no report of resources")
		}
		r := *ev.Report
		from, errFrom := catalog.ParseDate(r.From)
		to, errTo := catalog.ParseDate(r.To)
		days := from.DaysTo(to) + 1
		switch {
		case !r.CPU || !r.RAM || !r.Storage || !r.Connectivity:
			return failed("the report of resources lacks one of CPU, RAM, storage and connectivity")
		case strings.TrimSpace(r.ThirdParty) == "":
			return failed("the report of resources does not come from a third party")
		case errFrom != nil || errTo != nil:
			return failed("the period of the report, %q to %q, is not two dates", r.From, r.To)
		case days < e.params["min_report_days"]:
			return failed("the report covers %d days; the minimum is %d", days, e.params["min_report_days"])
		}
		for _, f := range []field{{"migration_start", ev.MigrationStart}, {"migration_end", ev.MigrationEnd}} {
			if ev.Unknown.Has(f.name) || f.value == "" {
				return result{unknown: f.name}
			}
		}
		start, errStart := catalog.ParseDate(ev.MigrationStart)
		end, errEnd := catalog.ParseDate(ev.MigrationEnd)
		switch {
		case errStart != nil || errEnd != nil:
			return failed("the migration, %q to %q, is not two dates", ev.MigrationStart, ev.MigrationEnd)
		case from > start || to < end:
			return failed("the report covers %s to %s, the migration went from %s to %s", from, to, start, end)
		}
		return result{}
	})
}

func (e *evaluation) accessIsDeclared() {
	e.packsFor([]string{"iaas"}, func(ev Evidence) result {
		ips, mode := !ev.Unknown.Has("public_ips"), !ev.Unknown.Has("access_mode")
		if bad := firstBadIP(ev.PublicIPs); ips && bad != "" {
			return failed("%q is not an IP address", bad)
		}
		switch {
		case ips && len(ev.PublicIPs) > 0, mode && ev.AccessMode != "":
			return result{}
		case !ips:
			return result{unknown: "public_ips"}
		case !mode:
			return result{unknown: "access_mode"}
		}
		return failed("neither public IPs nor a mode of access are declared")
	})
}

func (e *evaluation) resourcesAreUnique() {
	e.packsFor([]string{"iaas"}, func(ev Evidence) result {
		if ev.Unknown.Has("resources") {
			return result{unknown: "resources"}
		}
		ids := slices.Sorted(slices.Values(ev.Resources))
		machines := len(e.machinesOf[ev.Service])
		switch {
		case len(ids) == 0:
			return failed("no identifier of a machine is listed")
		case slices.ContainsFunc(ids, func(v string) bool { return strings.TrimSpace(v) == "" }):
			return failed("an identifier of a machine is empty")
		case len(slices.Compact(slices.Clone(ids))) < len(ids):
			return failed("an identifier of a machine is listed twice")
		case len(ids) < machines:
			return failed("%d identifiers are listed for %d machines", len(ids), machines)
		}
		return result{}
	})
}

func (e *evaluation) softwareIsListed() {
	e.packsFor([]string{"iaas", "paas"}, func(ev Evidence) result {
		if ev.Unknown.Has("software") {
			return result{unknown: "software"}
		}
		if len(ev.Software) == 0 {
			return failed("no software is listed")
		}
		for i, s := range ev.Software {
			if strings.TrimSpace(s.Product) == "" || strings.TrimSpace(s.Vendor) == "" || strings.TrimSpace(s.Function) == "" {
				return failed("entry %d of the software list lacks product, vendor or function", i+1)
			}
		}
		return result{}
	})
}

func (e *evaluation) productionIsStated() {
	e.packs(func(ev Evidence) result {
		known := func(f string) bool { return !ev.Unknown.Has(f) }
		_, err := catalog.ParseDate(ev.ProductionExpected)
		switch {
		case known("production_statement") && ev.ProductionStatement != "":
			return result{}
		case known("production_note") && ev.ProductionNote != "" && known("production_expected") && err == nil:
			return result{}
		}
		for _, f := range []string{"production_statement", "production_note"} {
			if !known(f) {
				return result{unknown: f}
			}
		}
		if ev.ProductionNote != "" && !known("production_expected") {
			return result{unknown: "production_expected"}
		}
		return failed("there is neither a statement of production release nor a note with the expected date")
	})
}

func (e *evaluation) criticalDataAreDocumented() {
	for _, ev := range e.doc.Evidence {
		low, high := psn.Ordinary, psn.Strategic
		if s, ok := e.services[ev.Service]; ok {
			low, high = serviceClasses(s)
		}
		e.byClass(string(ev.Service), low, high, func(c psn.Classification) result {
			if !c.Protected() {
				return result{}
			}
			return demand(fmt.Sprintf("evidence of service %s, which is %s,", ev.Service, c), ev.Unknown, "name the document of a third party on the critical data", field{"critical_data_document", ev.CriticalDataDocument})
		})
	}
}

func (e *evaluation) noSignificantHarm() {
	e.packs(func(ev Evidence) result {
		if r := demand("it", ev.Unknown, "name the DNSH declaration of the supplier", field{"dnsh_declaration", ev.DNSHDeclaration}); !r.ok() {
			return r
		}
		if ev.Unknown.Has("dnsh_sheets") {
			return result{unknown: "dnsh_sheets"}
		}
		if !slices.Contains(ev.DNSHSheets, "6") && !slices.Contains(ev.DNSHSheets, "8") {
			return failed("neither DNSH sheet 6 (cloud hosting) nor 8 (data centre) is there")
		}
		return result{}
	})
}

func (e *evaluation) contractComesFirst() {
	e.packs(func(ev Evidence) result {
		if ev.Unknown.Has("completion_date") {
			return result{unknown: "completion_date"}
		}
		if ev.CompletionDate == "" {
			return result{}
		}
		done, err := catalog.ParseDate(ev.CompletionDate)
		if err != nil {
			return failed("completion_date %v", err)
		}
		if ev.Unknown.Has("contract_date") || ev.ContractDate == "" {
			return result{unknown: "contract_date"}
		}
		signed, err := catalog.ParseDate(ev.ContractDate)
		switch {
		case err != nil:
			return failed("contract_date %v", err)
		case signed > done:
			return failed("the contract is of %s, after the completion on %s", signed, done)
		}
		return result{}
	})
}
