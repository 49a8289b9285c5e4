package placement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func reasons(m model) []string {
	var out []string
	for _, v := range m.Moves.Elements() {
		a := v.(types.Object).Attributes()
		out = append(out, fmt.Sprintf("%s to %s: %s", a["vm"].(types.String).ValueString(), a["to_site"].(types.String).ValueString(), a["reason"].(types.String).ValueString()))
	}
	return out
}

// TestMoveReasons moves machines for one gain at a time, and names it.
func TestMoveReasons(t *testing.T) {
	priceType := types.ObjectType{AttrTypes: map[string]attr.Type{
		"per_vcpu": types.Int64Type, "per_memory_gib": types.Int64Type, "per_storage_gib": types.Int64Type, "per_gpu": types.Int64Type,
	}}
	prices := func(cheap psn.Site) types.Map {
		out := map[string]attr.Value{}
		for _, s := range psn.Sites() {
			n := int64(1000)
			if s == cheap {
				n = 900
			}
			out[string(s)] = types.ObjectValueMust(priceType.AttrTypes, map[string]attr.Value{
				"per_vcpu": types.Int64Value(n), "per_memory_gib": types.Int64Value(10), "per_storage_gib": types.Int64Null(), "per_gpu": types.Int64Null(),
			})
		}
		return types.MapValueMust(priceType, out)
	}
	const lead = "web-1 to rozzano: "
	for name, tc := range map[string]struct {
		edit func(*model)
		want string
	}{
		"price":    {func(m *model) { m.Prices = prices(psn.Rozzano) }, lead + "rebalance is set: it then costs 400 less in the unit of prices, 3680 instead of 4080"},
		"locality": {func(m *model) { m.Workloads = web(nil, map[string]attr.Value{"locality": nearSites("rozzano")}) }, lead + "rebalance is set: it is then near its data at rozzano (locality)"},
		"sites":    {func(m *model) { m.Workloads = web([]string{"rozzano"}, nil) }, lead + "workload web does not allow site acilia"},
		"works": {func(m *model) {
			m.Exclude = exclude(types.StringNull(), psn.Acilia, psn.Pomezia, psn.SantoStefanoTicino)
		}, lead + "acilia is excluded: works"},
		"balance": {func(m *model) {
			m.Inventory = sitesOf(t, map[psn.Site]int64{psn.Acilia: 5, psn.Pomezia: 5, psn.Rozzano: 400, psn.SantoStefanoTicino: 5})
		}, lead + "rebalance is set: the clusters are then filled more evenly"},
	} {
		t.Run(name, func(t *testing.T) {
			c := configured(sitesWith(t, 100), web([]string{"acilia"}, nil))
			first, _ := mustDecide(t, c, nil)
			c.Workloads, c.Rebalance = web(nil, nil), types.BoolValue(true)
			tc.edit(&c)
			m, _ := mustDecide(t, c, &first)
			if diff := cmp.Diff([]string{tc.want}, reasons(m)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func web(sites []string, changes map[string]attr.Value) types.Map {
	o := with(one(psn.Ordinary, 1, 4), changes)
	if sites != nil {
		o = with(o, map[string]attr.Value{"sites": setOf(sites...)})
	}
	return workloads(map[string]types.Object{"web": o})
}

var derogationTypes = map[string]attr.Type{
	"id": types.StringType, "rule": types.StringType, "subject": types.StringType, "author": types.StringType, "date": types.StringType, "reason": types.StringType, "expiry": types.StringType,
}

// TestDerogationOfNothing refuses documents that could set nothing aside, and
// takes those that can.
func TestDerogationOfNothing(t *testing.T) {
	apart := map[string]attr.Value{"apart": setOf("g")}
	for _, tc := range []struct {
		rule, subject, want string
	}{
		{"PLC-006", "p_bs/ordinary", "name a cluster"},
		{"PLC-006", "p_bs", "name a cluster"},
		{"PLC-006", "p_bs/a-1", "name a cluster"},
		{"PLC-006", "acilia/vsphere/acilia-a", ""},
		{"PLC-005", "p_bs/ordinary", "take the workload out of the group"},
		{"PLC-005", "p_bs/a-1", "take the workload out of the group"},
		{"PLC-005", "p_bs/c-1", ""},
		{"PLC-005", "p_bs/critical", ""},
	} {
		c := configured(sitesWith(t, 100), workloads(map[string]types.Object{
			"a": with(one(psn.Ordinary, 1, 4), apart), "b": with(one(psn.Ordinary, 1, 4), apart), "c": with(one(psn.Critical, 2, 4), map[string]attr.Value{"anti_affinity": types.BoolValue(true)}),
		}))
		text := types.StringValue
		c.AsOf = text("2026-11-22")
		c.Derogations = types.ListValueMust(types.ObjectType{AttrTypes: derogationTypes}, []attr.Value{types.ObjectValueMust(derogationTypes, map[string]attr.Value{
			"id": text("D-1"), "rule": text(tc.rule), "subject": text(tc.subject), "author": text("Ing. Rossi"), "date": text("2026-01-10"), "reason": text("works"), "expiry": text("2026-12-31"),
		})})
		_, diags := decide(t.Context(), c, nil)
		if got := fmt.Sprint(diags.Errors()); tc.want == "" && diags.HasError() || !strings.Contains(got, tc.want) {
			t.Errorf("%s for %s: %s", tc.rule, tc.subject, got)
		}
	}
}

// TestAuditAgreesOnSilence silences a site and cuts another after a decision:
// whatever the verdict is, provider and audit find the same clusters short.
func TestAuditAgreesOnSilence(t *testing.T) {
	short := func(lines []string) []string {
		out := []string{}
		for _, l := range lines {
			rule, rest, _ := strings.Cut(l, " ")
			subject, rest, _ := strings.Cut(rest, " ")
			if strings.Count(subject, "/") == 2 && strings.HasPrefix(rest, "failed") {
				out = append(out, rule+" "+subject)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	placed, refusals := 0, 0
	for seed := range uint64(120) {
		d := dice{rand.New(rand.NewPCG(seed, 11))}
		c := configured(d.sites(t), d.workloads())
		m, diags := decide(t.Context(), c, nil)
		if diags.HasError() {
			continue
		}
		silent, cut := d.IntN(4), d.IntN(4)
		var sites []inventory.SiteModel
		if diags := c.Inventory.ElementsAs(t.Context(), &sites, false); diags.HasError() {
			t.Fatal(diags)
		}
		sites[silent].Reachable, sites[silent].Error, sites[silent].Clusters = types.BoolValue(false), types.StringValue("no answer"), []inventory.ClusterModel{}
		for i := range sites[cut].Clusters {
			sites[cut].Clusters[i].VCPUs = types.Int64Value(1 + d.Int64N(6))
		}
		l, diags := types.ListValueFrom(t.Context(), inventory.SiteType, sites)
		if diags.HasError() {
			t.Fatal(diags)
		}
		c.Inventory = l
		again, diags := decide(t.Context(), c, &m)
		if diags.HasError() {
			t.Fatalf("seed %d: what stands is made to fail: %v", seed, diags.Errors())
		}
		if again.Inventory.Equal(m.Inventory) {
			continue // nothing but the silence
		}
		judged := judgedAnew(t, planOf(t, again, attributes(t, m)))
		if diff := cmp.Diff(short(found(again)), short(judged)); diff != "" {
			t.Errorf("seed %d, %s: clusters found short and derived differ:\n%s", seed, again.Verdict, diff)
		}
		if i := slices.IndexFunc(judged, func(l string) bool { return strings.HasPrefix(l, "AUD-") }); i >= 0 {
			t.Errorf("seed %d, %s: %s", seed, again.Verdict, judged[i])
		}
		for vm, v := range again.Assignments.Elements() {
			was, is := Expand(m.Assignments.Elements()[vm].(types.Object)), Expand(v.(types.Object))
			at := psn.Sites()[silent]
			if was.Site == at && is.Place() != was.Place() || was.StandbySite == at && is.StandbyPlace() != was.StandbyPlace() {
				t.Errorf("seed %d: %s was moved at %s, which does not answer", seed, vm, at)
			}
		}
		if again.Verdict.ValueString() == "placed" {
			placed++
		} else {
			refusals++
		}
	}
	if placed < 10 || refusals < 10 {
		t.Errorf("%d placed, %d refused: the test says little", placed, refusals)
	}
}
