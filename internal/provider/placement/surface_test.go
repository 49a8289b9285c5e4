package placement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// with returns a workload with some attributes changed.
func with(o types.Object, changes map[string]attr.Value) types.Object {
	attrs := o.Attributes()
	for name, v := range changes {
		attrs[name] = v
	}
	return types.ObjectValueMust(workloadTypes, attrs)
}

func setOf(texts ...string) types.Set {
	var elems []attr.Value
	for _, s := range texts {
		elems = append(elems, types.StringValue(s))
	}
	return types.SetValueMust(types.StringType, elems)
}

func nearWorkload(name string) types.Object {
	return types.ObjectValueMust(localityTypes, map[string]attr.Value{"sites": types.SetNull(types.StringType), "workload": types.StringValue(name)})
}

// siteOf is "<machine> <site>" of a decision.
func siteOf(t *testing.T, m model, vm string) string {
	t.Helper()
	a, ok := m.Assignments.Elements()[vm].(types.Object)
	if !ok {
		t.Fatalf("%s has no place", vm)
	}
	return Expand(a).VM + " " + string(Expand(a).Site)
}

var exclusionType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"site": types.StringType, "platform": types.StringType, "cluster": types.StringType, "reason": types.StringType, "until": types.StringType,
}}

func exclude(until types.String, sites ...psn.Site) types.List {
	var elems []attr.Value
	for _, s := range sites {
		elems = append(elems, types.ObjectValueMust(exclusionType.AttrTypes, map[string]attr.Value{
			"site": types.StringValue(string(s)), "platform": types.StringNull(), "cluster": types.StringNull(), "reason": types.StringValue("works"), "until": until,
		}))
	}
	return types.ListValueMust(exclusionType, elems)
}

// TestLocality puts a workload to the site of the one that has its data,
// wherever that is, and keeps it there when others leave.
func TestLocality(t *testing.T) {
	for _, home := range psn.Sites() {
		ws := map[string]types.Object{
			"app": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("db")}),
			"db":  with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"sites": setOf(string(home))}),
		}
		m, _ := mustDecide(t, configured(sitesWith(t, 100), workloads(ws)), nil)
		if got, want := siteOf(t, m, "app-1"), "app-1 "+string(home); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	free := map[string]types.Object{
		"app": with(one(psn.Ordinary, 2, 4), map[string]attr.Value{"locality": nearWorkload("db")}),
		"db":  one(psn.Critical, 1, 4),
	}
	first, _ := mustDecide(t, configured(sitesWith(t, 100), workloads(free)), nil)
	db := strings.TrimPrefix(siteOf(t, first, "db-1"), "db-1 ")
	if siteOf(t, first, "app-1") != "app-1 "+db || siteOf(t, first, "app-2") != "app-2 "+db {
		t.Errorf("%s %s, db at %s", siteOf(t, first, "app-1"), siteOf(t, first, "app-2"), db)
	}
	free["app"] = with(one(psn.Ordinary, 3, 4), map[string]attr.Value{"locality": nearWorkload("db")})
	grown, _ := mustDecide(t, configured(sitesWith(t, 100), workloads(free)), &first)
	if siteOf(t, grown, "app-3") != "app-3 "+db {
		t.Errorf("%s, db at %s", siteOf(t, grown, "app-3"), db)
	}
	// It is a wish: without room it gives way, and says so.
	full, _ := mustDecide(t, configured(sitesWith(t, 8), workloads(free)), nil)
	if text := full.Explanation.String(); !strings.Contains(text, "workload app wants to be near its data") {
		t.Error(text)
	}
}

// TestPrices puts a machine where it is cheapest, by the longest key.
func TestPrices(t *testing.T) {
	priceType := types.ObjectType{AttrTypes: map[string]attr.Type{
		"per_vcpu": types.Int64Type, "per_memory_gib": types.Int64Type, "per_storage_gib": types.Int64Type, "per_gpu": types.Int64Type,
	}}
	vcpu := func(n int64) attr.Value {
		return types.ObjectValueMust(priceType.AttrTypes, map[string]attr.Value{
			"per_vcpu": types.Int64Value(n), "per_memory_gib": types.Int64Null(), "per_storage_gib": types.Int64Null(), "per_gpu": types.Int64Null(),
		})
	}
	for _, cheap := range psn.Sites() {
		c := configured(sitesWith(t, 100), workloads(map[string]types.Object{"a": one(psn.Ordinary, 1, 4)}))
		prices := map[string]attr.Value{}
		for _, s := range psn.Sites() {
			prices[string(s)] = vcpu(1000)
		}
		prices[string(cheap)+"/vsphere"] = vcpu(2000)
		prices[string(cheap)+"/vsphere/"+string(cheap)+"-a"] = vcpu(900)
		c.Prices = types.MapValueMust(priceType, prices)
		m, _ := mustDecide(t, c, nil)
		if got, want := siteOf(t, m, "a-1"), "a-1 "+string(cheap); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if text := m.Explanation.String(); !strings.Contains(text, "(prices 3600.00,") {
			t.Error(text)
		}
		delete(prices, string(cheap))
		prices["acilia/openstack"] = vcpu(1)
		c.Prices = types.MapValueMust(priceType, prices)
		if _, diags := decide(t.Context(), c, nil); !strings.Contains(fmt.Sprint(diags.Errors()), "acilia/openstack") {
			t.Errorf("a price of nothing was taken: %v", diags)
		}
	}
}

// TestMaintenanceDecided moves what must leave, fails when that is asked for
// anew and cannot be, and does not fail for what stood there already.
func TestMaintenanceDecided(t *testing.T) {
	ws := workloads(map[string]types.Object{"a": one(psn.Strategic, 2, 4)})
	first, _ := mustDecide(t, configured(sitesWith(t, 100), ws), nil)
	c := configured(sitesWith(t, 100), ws)
	c.Exclude = exclude(types.StringNull(), psn.Acilia)
	moved, _ := mustDecide(t, c, &first)
	for vm, v := range moved.Assignments.Elements() {
		if a := Expand(v.(types.Object)); a.Site == psn.Acilia || a.StandbySite == psn.Acilia {
			t.Errorf("%s is still at acilia: %s", vm, v)
		}
	}
	c.Exclude = exclude(types.StringNull(), psn.Acilia, psn.Pomezia)
	if _, diags := decide(t.Context(), c, &moved); !strings.Contains(fmt.Sprint(diags.Errors()), "PLC-00") {
		t.Errorf("a strategic workload has one region left, and no error: %v", diags)
	}
	c.Exclude, c.AsOf = exclude(types.StringValue("2026-11-30"), psn.Acilia, psn.Pomezia), types.StringValue("2026-12-01")
	mustDecide(t, c, &moved)
}

// TestTightened tells what must not be refused as growth from what is.
func TestTightened(t *testing.T) {
	base := one(psn.Critical, 1, 4)
	for name, tc := range map[string]struct {
		from, to map[string]attr.Value
		want     bool
	}{
		"nothing":             {nil, nil, false},
		"more GPUs":           {nil, map[string]attr.Value{"gpus": types.Int64Value(1)}, true},
		"fewer GPUs":          {map[string]attr.Value{"gpus": types.Int64Value(1)}, nil, false},
		"serves":              {nil, map[string]attr.Value{"mode": types.StringValue("active-active")}, true},
		"waits":               {map[string]attr.Value{"mode": types.StringValue("active-active")}, nil, false},
		"says that it waits":  {nil, map[string]attr.Value{"mode": types.StringValue("standby")}, false},
		"kind of storage":     {nil, map[string]attr.Value{"storage_class": types.StringValue("ssd")}, true},
		"any storage":         {map[string]attr.Value{"storage_class": types.StringValue("ssd")}, nil, false},
		"into a group":        {nil, map[string]attr.Value{"apart": setOf("x")}, true},
		"out of a group":      {map[string]attr.Value{"together": types.StringValue("x")}, nil, false},
		"near its data":       {nil, map[string]attr.Value{"locality": nearWorkload("b")}, false},
		"apart by site, more": {map[string]attr.Value{"apart_by_site": setOf("x")}, map[string]attr.Value{"apart_by_site": setOf("x", "y")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			to, _ := expandWorkloads(workloads(map[string]types.Object{"a": with(base, tc.to)}))
			if got := grows(to, workloads(map[string]types.Object{"a": with(base, tc.from)})); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestUnknownPostpones leaves the decision to the apply while anything it
// depends on is not known, rather than decide twice.
func TestUnknownPostpones(t *testing.T) {
	ordinary := workloads(map[string]types.Object{"a": one(psn.Ordinary, 1, 4)})
	for name, edit := range map[string]func(*model){
		"quota": func(m *model) { m.Quota = types.ObjectUnknown(m.Quota.AttributeTypes(t.Context())) },
		"a limit": func(m *model) {
			m.Quota = types.ObjectValueMust(m.Quota.AttributeTypes(t.Context()), map[string]attr.Value{"vcpus": types.Int64Unknown(), "memory_gib": types.Int64Null(), "storage_gib": types.Int64Null()})
		},
		"exclude":        func(m *model) { m.Exclude = exclude(types.StringUnknown(), psn.Acilia) },
		"survive_region": func(m *model) { m.SurviveRegion = types.BoolUnknown() },
		"prices":         func(m *model) { m.Prices = types.MapUnknown(types.StringType) },
		"weights":        func(m *model) { m.Weights = types.ObjectUnknown(map[string]attr.Type{}) },
		"a workload": func(m *model) {
			m.Workloads = workloads(map[string]types.Object{"a": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"gpus": types.Int64Unknown()})})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := configured(sitesWith(t, 100), ordinary)
			edit(&c)
			m, diags := mustDecide(t, c, nil)
			if !m.Verdict.IsUnknown() || diags.WarningsCount() == 0 {
				t.Errorf("verdict %s although an input is not known", m.Verdict)
			}
			if len(m.Assignments.Elements()) != 1 {
				t.Errorf("the machines are not foretold: %s", m.Assignments)
			}
		})
	}
}

// TestNotFoundSaysHowToSettle fragments the room by what stands.
func TestNotFoundSaysHowToSettle(t *testing.T) {
	four := map[string]types.Object{"a": with(one(psn.Ordinary, 4, 6), map[string]attr.Value{"anti_affinity": types.BoolValue(true)})}
	first, _ := mustDecide(t, configured(sitesWith(t, 10), workloads(four)), nil)
	four["b"] = one(psn.Ordinary, 1, 8)
	_, diags := decide(t.Context(), configured(sitesWith(t, 10), workloads(four)), &first)
	if text := fmt.Sprint(diags.Errors()); !strings.Contains(text, "psn placement explain FILE") {
		t.Error(text)
	}
	_, diags = decide(t.Context(), configured(sitesWith(t, 10), workloads(map[string]types.Object{"a": one(psn.Ordinary, 1, 11)})), nil)
	if text := fmt.Sprint(diags.Errors()); !diags.HasError() || strings.Contains(text, "explain FILE") {
		t.Errorf("what is proven needs no settling: %s", text)
	}
}

func TestQuotaOf(t *testing.T) {
	limits := map[string]attr.Type{"vcpus": types.Int64Type, "memory_gib": types.Int64Type, "storage_gib": types.Int64Type}
	all := map[string]attr.Type{"sites": types.MapType{ElemType: types.ObjectType{AttrTypes: limits}}}
	for k, v := range limits {
		all[k] = v
	}
	n := func(v int64) *int64 { return &v }
	got := quotaOf(types.ObjectValueMust(all, map[string]attr.Value{
		"vcpus": types.Int64Value(0), "memory_gib": types.Int64Value(-1), "storage_gib": types.Int64Value(1 << 62),
		"sites": types.MapValueMust(types.ObjectType{AttrTypes: limits}, map[string]attr.Value{
			"acilia": types.ObjectValueMust(limits, map[string]attr.Value{"vcpus": types.Int64Null(), "memory_gib": types.Int64Value(2), "storage_gib": types.Int64Null()}),
		}),
	}))
	want := &placement.Quota{
		Total: placement.Limits{VCPUs: n(0)},
		Sites: map[psn.Site]placement.Limits{psn.Acilia: {MemoryMiB: n(2048)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if quotaOf(types.ObjectNull(all)) != nil {
		t.Error("no quota is a quota")
	}
}

// TestCulprit blames the attribute that a malformed request comes from.
func TestCulprit(t *testing.T) {
	c := configured(sitesWith(t, 100), workloads(map[string]types.Object{"a": one(psn.Ordinary, 1, 4)}))
	c.Exclude = types.ListValueMust(exclusionType, []attr.Value{types.ObjectValueMust(exclusionType.AttrTypes, map[string]attr.Value{
		"site": types.StringValue("acilia"), "platform": types.StringValue("vsphere"), "cluster": types.StringValue("nowhere"), "reason": types.StringValue("x"), "until": types.StringNull(),
	})})
	_, diags := decide(t.Context(), c, nil)
	if d, ok := diags[0].(diag.DiagnosticWithPath); !ok || !d.Path().Equal(path.Root("exclude")) {
		t.Errorf("%v", diags)
	}
}
