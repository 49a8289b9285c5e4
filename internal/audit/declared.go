package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/audit/tfaddr"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keptOnes are the attributes that a type keeps as they stood while what it
// decided or found stays the same, whatever the configuration has anew.
var keptOnes = map[string]map[string]bool{
	"psn_placement": {"inventory": true, "as_of": true},
	"psn_service":   {"as_of": true},
	"psn_replica":   {"as_of": true},
}

// weighty are the attributes that say place, class, size, derogation and quota.
// One of these that is not as the configuration has it is no matter of course,
// even where the plan leaves it as it was.
var weighty = map[string]bool{
	"tenant_id": true, "service_id": true, "placement": true, "workloads": true, "inventory": true,
	"site": true, "region": true, "platform": true, "cluster": true, "sites": true, "home_site": true, "active_site": true,
	"standby_site": true, "standby_region": true, "standby_platform": true, "standby_cluster": true,
	"exclude": true, "survive_region": true, "dr_reserve": true, "data_location": true, "backups": true,
	"backup_location": true, "metadata_location": true, "log_location": true, "site_list": true,
	"classification": true, "classification_state": true, "classification_date": true, "reclassification": true,
	"vcpus": true, "memory_gib": true, "storage_gib": true, "size_gib": true, "disks": true,
	"derogations": true, "as_of": true, "data_location_derogation": true, "allow_unknown_at_plan": true,
	"quota": true, "site_quotas": true,
}

// againstConfiguration compares what is planned with what the configuration has
// as constants, at any depth, and with what it leaves out.
func againstConfiguration(f *File) []psn.Finding {
	if len(f.Declared) == 0 {
		return nil
	}
	var out []psn.Finding
	for _, c := range f.Changes {
		if c.After == nil {
			continue
		}
		d, declared := f.Declared[tfaddr.Bare(c.Address)]
		if !declared {
			out = append(out, ruleViews.finding(c.Address, "resource_changes keeps or makes the resource, the configuration does not declare it"))
			continue
		}
		s := shapes()[d.Type]
		for _, name := range slices.Sorted(maps.Keys(d.Expressions)) {
			e := d.Expressions[name]
			if !e.IsConstant {
				out = append(out, f.againstReference(d, c, name, e)...)
				continue
			}
			at, wrote, has := s.difference(e.Constant, c.After[name], c.Unknown[name], name, name)
			if at == "" || keptOnes[c.Type][name] && unchanged(c, name) {
				continue
			}
			out = append(out, undeclaredValue(c, name, fmt.Sprintf("attribute %s is %s in the configuration and %s in resource_changes", at, inWords(at, wrote), inWords(at, has))))
		}
		for _, name := range s.given() {
			if _, written := d.Expressions[name]; !written && c.After[name] != nil {
				out = append(out, undeclaredValue(c, name, fmt.Sprintf("attribute %s is absent in the configuration and %s in resource_changes", name, inWords(name, c.After[name]))))
			}
		}
	}
	return append(out, undeclaredInstances(f)...)
}

// undeclaredValue is the finding on a value that the configuration does not have.
// Where the plan leaves it as it was lifecycle.ignore_changes explains it too,
// which the file does not tell: that is a failure of what is weighty alone.
func undeclaredValue(c Resource, name, message string) psn.Finding {
	if !unchanged(c, name) {
		return ruleViews.finding(c.Address, message)
	}
	message += ", as before the plan: the file was changed, or lifecycle.ignore_changes, which is not in it, keeps the value"
	if weighty[name] {
		return ruleViews.finding(c.Address, message)
	}
	out := ruleViews.undecidable(c.Address, message)
	out.Severity, out.Remedy = psn.SeverityWarning, fmt.Sprintf("look in the configuration whether lifecycle.ignore_changes of the resource names %s", name)
	return out
}

// unchanged reports whether the plan leaves an attribute of what is there as it was.
func unchanged(c Resource, name string) bool {
	return c.Before != nil && same(c.Before[name], c.After[name])
}

func same(a, b any) bool {
	at, _, _ := firstDifference(a, b, "x")
	return at == ""
}

// sameScalar compares as Terraform converts: 2, "2" and 2.0 are the same.
func sameScalar(a, b any) bool {
	if b == nil || fmt.Sprint(a) == fmt.Sprint(b) {
		return b != nil
	}
	_, oneIs := a.(json.Number)
	_, otherIs := b.(json.Number)
	if !oneIs && !otherIs {
		return false
	}
	x, _, errX := big.ParseFloat(fmt.Sprint(a), 10, 256, big.ToNearestEven)
	y, _, errY := big.ParseFloat(fmt.Sprint(b), 10, 256, big.ToNearestEven)
	return errX == nil && errY == nil && x.Cmp(y) == 0
}
