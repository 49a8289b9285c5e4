package placement

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// dice make configurations, the same for the same seed.
type dice struct{ *rand.Rand }

func (d dice) often(percent int) bool { return d.IntN(100) < percent }

func (d dice) sites(t *testing.T) types.List {
	var inv psn.Inventory
	for _, s := range psn.Sites() {
		one := psn.SiteInventory{Site: s, Platform: psn.VSphere}
		for n := range 1 + d.IntN(2) {
			c := psn.Cluster{Name: fmt.Sprintf("c%d", n), Capacity: psn.Resources{VCPUs: 14 + d.Int64N(20), MemoryMiB: (80 + d.Int64N(80)) << 10, StorageMiB: (150 + d.Int64N(100)) << 10}}
			for _, k := range []psn.Commitment{
				{Tenant: "p_mi", Service: "p_mi/x"}, {Tenant: "p_mi", Service: "p_mi/x", ForSite: psn.Sites()[d.IntN(4)]}, {Tenant: "p_bs", Service: "p_bs/altro"}, {Tenant: "p_bs", Service: "p_bs/a"},
			} {
				if k.Resources = (psn.Resources{VCPUs: d.Int64N(4), MemoryMiB: d.Int64N(8) << 10, StorageMiB: d.Int64N(16) << 10}); d.often(50) {
					c.Commitments = append(c.Commitments, k)
				}
			}
			one.Clusters = append(one.Clusters, c)
		}
		inv.Sites = append(inv.Sites, one)
	}
	models := inventory.Flatten(inv)
	for i := range models {
		for j := range models[i].Clusters {
			c := &models[i].Clusters[j]
			if d.often(60) {
				c.GPUs = types.Int64Value(d.Int64N(7))
				c.Classes = types.MapValueMust(types.Int64Type, map[string]attr.Value{"ssd": types.Int64Value(d.Int64N(150) << 10)})
			}
		}
	}
	l, diags := types.ListValueFrom(t.Context(), inventory.SiteType, models)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return l
}

func (d dice) workloads() types.Map {
	ws := map[string]types.Object{}
	together, apart := d.often(40), []string{"", "apart", "apart_by_site"}[d.IntN(3)]
	for _, name := range []string{"a", "b", "c", "d"}[:2+d.IntN(3)] {
		class := psn.Classifications()[d.IntN(3)]
		changes := map[string]attr.Value{"service_id": types.StringValue("p_bs/" + name)}
		maybe := func(percent int, attribute string, v attr.Value) {
			if d.often(percent) {
				changes[attribute] = v
			}
		}
		maybe(20, "gpus", types.Int64Value(1))
		maybe(20, "storage_class", types.StringValue("ssd"))
		// The first two are together, or apart from one another and from the third.
		switch name {
		case "a", "b":
			if together {
				changes["together"] = types.StringValue("core")
			} else if apart != "" {
				changes[apart] = setOf("x")
			}
		case "c":
			if apart != "" && !together {
				changes[apart] = setOf("x")
			} else {
				maybe(40, "anti_affinity", types.BoolValue(true))
			}
		}
		if class.Protected() {
			maybe(40, "mode", types.StringValue("active-active"))
		}
		maybe(8, "regions", setOf("lazio"))
		ws[name] = with(one(class, 1+d.Int64N(3), 1+d.Int64N(3)), changes)
	}
	return workloads(ws)
}

var (
	limitTypes = map[string]attr.Type{"vcpus": types.Int64Type, "memory_gib": types.Int64Type, "storage_gib": types.Int64Type}
	quotaTypes = map[string]attr.Type{
		"vcpus": types.Int64Type, "memory_gib": types.Int64Type, "storage_gib": types.Int64Type, "sites": types.MapType{ElemType: types.ObjectType{AttrTypes: limitTypes}},
	}
)

func (d dice) config(t *testing.T) model {
	m := configured(d.sites(t), d.workloads())
	m.Quota = types.ObjectNull(quotaTypes)
	m.AsOf = types.StringValue("2026-11-22")
	if d.often(40) {
		m.Exclude = exclude(types.StringValue([]string{"2026-11-21", "2026-11-22"}[d.IntN(2)]), psn.Sites()[d.IntN(4)])
	}
	if d.often(30) {
		m.SurviveRegion = types.BoolValue(true)
	}
	if d.often(50) {
		at := types.ObjectValueMust(limitTypes, map[string]attr.Value{"vcpus": types.Int64Value(2 + d.Int64N(14)), "memory_gib": types.Int64Null(), "storage_gib": types.Int64Value(-1)})
		m.Quota = types.ObjectValueMust(quotaTypes, map[string]attr.Value{
			"vcpus": types.Int64Value(25 + d.Int64N(40)), "memory_gib": types.Int64Value(500), "storage_gib": types.Int64Null(),
			"sites": types.MapValueMust(types.ObjectType{AttrTypes: limitTypes}, map[string]attr.Value{string(psn.Sites()[d.IntN(4)]): at}),
		})
	}
	return m
}

// planOf is the JSON of a plan that holds a placement alone.
func planOf(t *testing.T, m model, before any) []byte {
	t.Helper()
	after := attributes(t, m)
	action := "create"
	if before != nil {
		action = "update"
	}
	doc := map[string]any{
		"format_version": "1.2", "terraform_version": "1.12.6", "timestamp": "2026-11-22T12:00:00Z", "configuration": map[string]any{"root_module": map[string]any{}},
		"planned_values": map[string]any{"root_module": map[string]any{"resources": []any{map[string]any{
			"address": placedAddress, "mode": "managed", "type": "psn_placement", "provider_name": "registry.opentofu.org/italia/psn", "values": after,
		}}}},
		"resource_changes": []any{map[string]any{
			"address": placedAddress, "mode": "managed", "type": "psn_placement", "provider_name": "registry.opentofu.org/italia/psn",
			"change": map[string]any{"actions": []string{action}, "before": before, "after": after, "after_unknown": map[string]any{}},
		}},
	}
	if before != nil {
		doc["prior_state"] = map[string]any{"format_version": "1.0", "values": map[string]any{"root_module": map[string]any{"resources": []any{map[string]any{
			"address": placedAddress, "mode": "managed", "type": "psn_placement", "provider_name": "registry.opentofu.org/italia/psn", "values": before,
		}}}}}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const placedAddress = "psn_placement.brescia"

// attributes are those of a wholly known model, as JSON has them.
func attributes(t *testing.T, m model) map[string]any {
	t.Helper()
	out := map[string]any{}
	v := reflect.ValueOf(m)
	for i := range v.NumField() {
		value := v.Field(i).Interface().(attr.Value)
		out[v.Type().Field(i).Tag.Get("tfsdk")] = nil
		if value.IsNull() {
			continue
		}
		tf, err := value.ToTerraformValue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out[v.Type().Field(i).Tag.Get("tfsdk")] = plain(t, tf)
	}
	return out
}

func plain(t *testing.T, v tftypes.Value) any {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if v.IsNull() {
		return nil
	}
	switch {
	case v.Type().Is(tftypes.String):
		var s string
		must(v.As(&s))
		return s
	case v.Type().Is(tftypes.Bool):
		var b bool
		must(v.As(&b))
		return b
	case v.Type().Is(tftypes.List{}), v.Type().Is(tftypes.Set{}):
		var l []tftypes.Value
		must(v.As(&l))
		out := []any{}
		for _, e := range l {
			out = append(out, plain(t, e))
		}
		return out
	case v.Type().Is(tftypes.Map{}), v.Type().Is(tftypes.Object{}):
		var m map[string]tftypes.Value
		must(v.As(&m))
		out := map[string]any{}
		for k, e := range m {
			out[k] = plain(t, e)
		}
		return out
	}
	n := new(big.Float)
	must(v.As(&n))
	return json.Number(n.Text('f', 0))
}

// judgedAnew is what the audit finds of placement in a plan.
func judgedAnew(t *testing.T, plan []byte) []string {
	t.Helper()
	f, err := audit.Read(bytes.NewReader(plan))
	if err != nil {
		t.Fatal(err)
	}
	r, err := audit.Evaluate(f, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, f := range r.Findings {
		if strings.HasPrefix(f.Rule, "PLC-") || strings.HasPrefix(f.Rule, "AUD-") {
			out = append(out, fmt.Sprintf("%s %s %s", f.Rule, f.Subject, f.Outcome))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestAuditAgreesAtRandom decides on configurations made at random, and again
// with these machines standing, and has the audit derive the same of each plan.
func TestAuditAgreesAtRandom(t *testing.T) {
	placed, again := 0, 0
	for seed := range uint64(200) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		c := d.config(t)
		m, diags := decide(t.Context(), c, nil)
		if diags.HasError() {
			continue
		}
		agree(t, seed, m, nil)
		placed++
		before := attributes(t, m)
		next := d.config(t) // other room, limits and, perhaps, workloads
		if d.often(50) {
			next.Workloads = c.Workloads
		}
		if m, diags := decide(t.Context(), next, &m); !diags.HasError() {
			agree(t, seed, m, before)
			again++
		}
	}
	if placed < 60 || again < 25 {
		t.Errorf("only %d configurations could be placed, %d again: the test says little", placed, again)
	}
}

func agree(t *testing.T, seed uint64, m model, before any) {
	t.Helper()
	if m.Verdict.ValueString() != string(placement.Placed) {
		return // what stands was kept: the audit finds what is broken in its own words
	}
	want := []string{}
	for _, v := range m.Findings.Elements() {
		f := v.(types.Object).Attributes()
		text := func(name string) string { return f[name].(types.String).ValueString() }
		if text("rule") == "PLC-008" && text("subject") == "p_bs" { // of the quota; a cluster has a longer name
			want = append(want, "AUD-011 p_bs/default failed")
			continue
		}
		want = append(want, fmt.Sprintf("%s %s %s", text("rule"), text("subject"), text("outcome")))
	}
	slices.Sort(want)
	if diff := cmp.Diff(slices.Compact(want), judgedAnew(t, planOf(t, m, before))); diff != "" {
		t.Errorf("seed %d: recorded and derived differ:\n%s", seed, diff)
	}
}
