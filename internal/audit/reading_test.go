package audit_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// placements calls f with the recorded inventory of every psn_placement in every
// part of the plan, as somebody would who knows the format. What
// data.psn_inventory read stays as it is.
func placements(doc object, f func(o object)) {
	walk(doc, func(o object) {
		if _, ok := o["inventory"].([]any); ok && o["assignments"] != nil {
			f(o)
		}
	})
}

func firstSite(o object) object    { return o["inventory"].([]any)[0].(object) }
func firstCluster(o object) object { return firstSite(o)["clusters"].([]any)[0].(object) }

func TestInventoriesAreHeldAgainstTheirReading(t *testing.T) {
	t.Parallel()
	const place = "psn_placement.brescia"
	set := func(name string, value any) func(object) {
		return func(d object) { placements(d, func(o object) { firstCluster(o)[name] = value }) }
	}
	for name, tc := range map[string]struct {
		edit     func(object)
		message  string
		severity psn.Severity
	}{
		"capacity is inflated":      {set("vcpus", json.Number("3840")), "cluster acilia-cl01 at acilia (vsphere) has vcpus 3840, data.psn_inventory.now read 384", psn.SeverityError},
		"a little":                  {set("memory_mib", json.Number("1572865")), "has memory_mib 1572865, data.psn_inventory.now read 1572864", psn.SeverityError},
		"commitments are taken out": {set("commitments", []any{}), "is without a commitment of 4 vcpus and 8192 memory_mib that data.psn_inventory.now read", psn.SeverityError},
		"a commitment is lowered": {func(d object) {
			placements(d, func(o object) {
				firstCluster(o)["commitments"].([]any)[0].(object)["vcpus"] = json.Number("0")
			})
		}, "is without a commitment of 4 vcpus", psn.SeverityError},
		"a cluster is made up": {func(d object) {
			placements(d, func(o object) {
				firstSite(o)["clusters"] = append(firstSite(o)["clusters"].([]any), object{"name": "acilia-cl03", "vcpus": json.Number("1"), "memory_mib": json.Number("1"), "storage_mib": json.Number("1"), "commitments": []any{}})
			})
		}, "cluster acilia-cl03 at acilia (vsphere) is in no reading", psn.SeverityError},
		"a cluster counts twice": {func(d object) {
			placements(d, func(o object) { firstSite(o)["clusters"] = append(firstSite(o)["clusters"].([]any), firstCluster(o)) })
		}, "cluster acilia-cl01 at acilia (vsphere) stands in it twice", psn.SeverityError},
		"a platform is made up": {func(d object) {
			placements(d, func(o object) { firstSite(o)["platform"] = "openstack" })
		}, "acilia (openstack) is in no reading", psn.SeverityError},
		"a site counts twice": {func(d object) {
			placements(d, func(o object) { o["inventory"] = append(o["inventory"].([]any), firstSite(o)) })
		}, "acilia (vsphere) stands in it twice", psn.SeverityError},
		"the reading is taken out": {func(d object) {
			root := d["prior_state"].(object)["values"].(object)["root_module"].(object)
			root["resources"] = slices.DeleteFunc(root["resources"].([]any), func(r any) bool { return r.(object)["mode"] == "data" })
		}, "the configuration takes the inventory from data.psn_inventory.now.sites, of which prior_state holds no reading", psn.SeverityError},
		// A configuration may leave a part of a reading out, or keep a margin.
		"a margin is kept": {set("vcpus", json.Number("380")), "has vcpus 380, data.psn_inventory.now read 384", psn.SeverityWarning},
		"a cluster is left out": {func(d object) {
			placements(d, func(o object) { firstSite(o)["clusters"] = firstSite(o)["clusters"].([]any)[1:] })
		}, "cluster acilia-cl01 at acilia (vsphere) is missing", psn.SeverityWarning},
		"a commitment is added": {func(d object) {
			placements(d, func(o object) {
				c := firstCluster(o)["commitments"].([]any)
				firstCluster(o)["commitments"] = append(c, c[0])
			})
		}, "has a commitment that data.psn_inventory.now did not read", psn.SeverityWarning},
		"a site is said to be away": {func(d object) { placements(d, func(o object) { firstSite(o)["reachable"] = false }) }, "acilia (vsphere) has reachable false, data.psn_inventory.now read true", psn.SeverityWarning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := made(t, "clean/plan.json")
			tc.edit(doc)
			r := evaluate(t, marshal(t, doc))
			if !slices.ContainsFunc(r.Findings, func(f psn.Finding) bool {
				return f.Rule == "AUD-002" && f.Subject == place && f.Severity == tc.severity && strings.Contains(f.Message, tc.message)
			}) {
				t.Errorf("not found in %s", marshal(t, r.Findings))
			}
			if r.Failed() != (tc.severity == psn.SeverityError) && tc.severity == psn.SeverityError {
				t.Error("the audit is passed")
			}
		})
	}
}

// An inventory kept from an earlier plan is no tampering while the decision is
// kept; with another decision it is.
func TestInventoriesKeptWithTheirDecision(t *testing.T) {
	t.Parallel()
	suspect := func(r *audit.Report) bool {
		return find(r, "AUD-002", "psn_placement.provincia", "the inventory is not what was read")
	}
	doc := made(t, "later/plan.json")
	was := change(t, doc, "psn_placement.provincia")
	was["after"].(object)["inventory"] = was["before"].(object)["inventory"]
	if !suspect(evaluate(t, marshal(t, doc))) {
		t.Error("a new decision on an old inventory is not seen")
	}
	was["after"].(object)["assignments"] = was["before"].(object)["assignments"]
	if suspect(evaluate(t, marshal(t, doc))) {
		t.Error("a decision kept with its inventory is suspected")
	}
}

// Where there is nothing to compare with, the report says that it cannot tell.
func TestInventoryWithoutReadingIsALimit(t *testing.T) {
	t.Parallel()
	limited := func(in []byte) bool { return slices.Contains(evaluate(t, in).Limits, audit.LimitReading) }
	if !limited(newFixture(1).plan(t)) {
		t.Error("a plan without any reading does not say so")
	}
	if limited(marshal(t, made(t, "clean/plan.json"))) || limited(newFixture(1).state(t)) {
		t.Error("said of a plan with a reading, or of a state")
	}
}

// TestSuppliedCapacityIsNamed: no platform tells GPUs and kinds of storage, so
// the configuration may add them, and the report says that it did.
func TestSuppliedCapacityIsNamed(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"gpus": json.Number("8"), "storage_classes": object{"ssd": json.Number("9")}, "commitments": nil} {
		doc := made(t, "clean/plan.json")
		if value != nil {
			placements(doc, func(o object) { firstCluster(o)[name] = value })
		}
		got := evaluate(t, marshal(t, doc))
		for _, f := range got.Findings {
			if strings.Contains(f.Message, "not what was read") {
				t.Errorf("%s: %s", name, f.Message)
			}
		}
		if said := slices.Contains(got.Limits, audit.LimitSupplied); said != (value != nil) {
			t.Errorf("%s: the report says so: %t", name, said)
		}
	}
}
