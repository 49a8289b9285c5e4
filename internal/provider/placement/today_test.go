package placement

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// sitesOf is an inventory of one cluster a site with so many vCPUs; a site with
// fewer than none did not answer.
func sitesOf(t *testing.T, vcpus map[psn.Site]int64) types.List {
	t.Helper()
	var inv psn.Inventory
	for _, s := range psn.Sites() {
		one := psn.SiteInventory{Site: s, Platform: psn.VSphere}
		if n := vcpus[s]; n >= 0 {
			one.Clusters = []psn.Cluster{{Name: string(s) + "-a", Capacity: psn.Resources{VCPUs: n, MemoryMiB: 1 << 20, StorageMiB: 1 << 24}}}
		} else {
			one.Error = "no answer"
		}
		inv.Sites = append(inv.Sites, one)
	}
	l, diags := types.ListValueFrom(t.Context(), inventory.SiteType, inventory.Flatten(inv))
	if diags.HasError() {
		t.Fatal(diags)
	}
	return l
}

func all(n int64) map[psn.Site]int64 {
	out := map[psn.Site]int64{}
	for _, s := range psn.Sites() {
		out[s] = n
	}
	return out
}

func found(m model) []string {
	var out []string
	for _, v := range m.Findings.Elements() {
		f := v.(types.Object).Attributes()
		text := func(name string) string { return f[name].(types.String).ValueString() }
		out = append(out, fmt.Sprintf("%s %s %s: %s", text("rule"), text("subject"), text("outcome"), text("message")))
	}
	return out
}

func says(t *testing.T, lines []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, w) }) {
			t.Errorf("nothing says %q:\n%s", w, strings.Join(lines, "\n"))
		}
	}
}

// pinned is a workload that may stand at one site.
func pinned(class psn.Classification, instances, vcpus int64, site psn.Site, changes map[string]attr.Value) types.Object {
	o := with(one(class, instances, vcpus), map[string]attr.Value{"sites": setOf(string(site))})
	return with(o, changes)
}

// TestSilenceFreezesItsOwnAlone cuts one site while another does not answer: the
// cut is found, what stands at the silent site stays, and the audit agrees.
func TestSilenceFreezesItsOwnAlone(t *testing.T) {
	for _, class := range psn.Classifications() {
		t.Run(string(class), func(t *testing.T) {
			ws := workloads(map[string]types.Object{
				"web": pinned(class, 5, 2, psn.Acilia, nil),
				"far": pinned(class, 2, 2, psn.SantoStefanoTicino, nil),
			})
			first, _ := mustDecide(t, configured(sitesOf(t, all(40)), ws), nil)
			room := all(40)
			room[psn.SantoStefanoTicino] = -1
			quiet, diags := mustDecide(t, configured(sitesOf(t, room), ws), &first)
			if diff := cmp.Diff(attributes(t, first), attributes(t, quiet)); diff != "" || diags.WarningsCount() == 0 {
				t.Errorf("silence alone changes the decision, or is not warned of: %s", diff)
			}
			room[psn.Acilia] = 1
			cut, _ := mustDecide(t, configured(sitesOf(t, room), ws), &first)
			says(t, found(cut), "PLC-008 acilia/vsphere/acilia-a failed: cluster acilia-a at acilia (vsphere) is overfull by 9 vCPU", "could not be read (no answer)")
			if cut.Verdict.ValueString() == "placed" || !cut.Assignments.Equal(first.Assignments) {
				t.Errorf("verdict %s", cut.Verdict)
			}
			again, _ := mustDecide(t, configured(sitesOf(t, room), ws), &cut)
			if diff := cmp.Diff(attributes(t, cut), attributes(t, again)); diff != "" {
				t.Errorf("the next plan is not empty: %s", diff)
			}
			judged := judgedAnew(t, planOf(t, cut, attributes(t, first)))
			says(t, judged, "PLC-008 acilia/vsphere/acilia-a failed", "PLC-008 p_bs/far-1 undecidable")
			if i := slices.IndexFunc(judged, func(l string) bool { return strings.HasPrefix(l, "AUD-") }); i >= 0 {
				t.Errorf("the audit does not agree: %s", judged[i])
			}
			// Where there is room, what must leave does, and the silent site keeps its own.
			free := configured(sitesOf(t, room), workloads(map[string]types.Object{"web": one(class, 5, 2), "far": pinned(class, 2, 2, psn.SantoStefanoTicino, nil)}))
			moved, diags := decide(t.Context(), free, &first)
			for _, vm := range []string{"far-1", "far-2"} {
				if !diags.HasError() && siteOf(t, moved, vm) != vm+" "+string(psn.SantoStefanoTicino) {
					t.Errorf("%s left a site that does not answer", vm)
				}
			}
		})
	}
}

// TestHeadroomOfARefusal counts the machines that stand.
func TestHeadroomOfARefusal(t *testing.T) {
	ws := workloads(map[string]types.Object{"web": pinned(psn.Critical, 3, 2, psn.Acilia, nil)})
	first, _ := mustDecide(t, configured(sitesOf(t, all(40)), ws), nil)
	cut := all(40)
	cut[psn.Acilia] = 4
	m, _ := mustDecide(t, configured(sitesOf(t, cut), ws), &first)
	says(t, found(m), "PLC-008 acilia/vsphere/acilia-a failed: cluster acilia-a at acilia (vsphere) is overfull by 2 vCPU")
	says(t, judgedAnew(t, planOf(t, m, attributes(t, first))), "PLC-008 acilia/vsphere/acilia-a failed")
	for _, v := range m.Headroom.Elements() {
		h := v.(types.Object).Attributes()
		if h["site"].Equal(types.StringValue("acilia")) && h["lost_site"].IsNull() && !h["vcpus"].Equal(types.Int64Value(-2)) {
			t.Errorf("headroom of acilia is %s of 4 vCPU where 6 stand", h["vcpus"])
		}
	}
}

func nearSites(sites ...string) types.Object {
	return types.ObjectValueMust(localityTypes, map[string]attr.Value{"sites": setOf(sites...), "workload": types.StringNull()})
}

// TestLocalityChain puts a chain of workloads where the last one has its data,
// and takes it along when that one has to leave.
func TestLocalityChain(t *testing.T) {
	for _, home := range psn.Sites() {
		ws := workloads(map[string]types.Object{
			"a": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("b")}),
			"b": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("c")}),
			"c": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearSites(string(home))}),
		})
		c := configured(sitesWith(t, 100), ws)
		m, _ := mustDecide(t, c, nil)
		for _, vm := range []string{"a-1", "b-1", "c-1"} {
			if got := siteOf(t, m, vm); got != vm+" "+string(home) {
				t.Errorf("%s, the data is at %s", got, home)
			}
		}
		if again, _ := mustDecide(t, c, &m); !again.Assignments.Equal(m.Assignments) || !again.Explanation.Equal(m.Explanation) {
			t.Error("the second plan is not empty")
		}
		c.Exclude = exclude(types.StringNull(), home)
		moved, _ := mustDecide(t, c, &m)
		to := strings.TrimPrefix(siteOf(t, moved, "c-1"), "c-1 ")
		for _, vm := range []string{"a-1", "b-1"} {
			if got := siteOf(t, moved, vm); got != vm+" "+to || to == string(home) {
				t.Errorf("%s, the data left %s for %s", got, home, to)
			}
		}
		if text := moved.Explanation.String(); strings.Contains(text, "workload b wants") || strings.Contains(text, "workload a wants") {
			t.Error(text)
		}
	}
}

func TestLocalityCycle(t *testing.T) {
	for name, ws := range map[string]map[string]types.Object{
		"a is near b is near a": {
			"a": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("b")}),
			"b": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("a")}),
		},
		"c is near d is near e is near c": {
			"c": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("d")}),
			"d": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("e")}),
			"e": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("c")}),
			"f": with(one(psn.Ordinary, 1, 4), map[string]attr.Value{"locality": nearWorkload("c")}),
		},
	} {
		_, diags := decide(t.Context(), configured(sitesWith(t, 100), workloads(ws)), nil)
		if text := fmt.Sprint(diags.Errors()); !strings.Contains(text, name) || strings.Contains(text, "f is near") {
			t.Errorf("want %q: %s", name, text)
		}
	}
}

// TestGroupOfOne takes the other workload of a group out of service.
func TestGroupOfOne(t *testing.T) {
	for attribute, group := range map[string]attr.Value{"together": types.StringValue("g"), "apart": setOf("g"), "apart_by_site": setOf("g")} {
		a := with(one(psn.Critical, 2, 4), map[string]attr.Value{attribute: group})
		first, _ := mustDecide(t, configured(sitesWith(t, 100), workloads(map[string]types.Object{"a": a, "b": a})), nil)
		left, _ := mustDecide(t, configured(sitesWith(t, 100), workloads(map[string]types.Object{"a": a})), &first)
		if left.Verdict.ValueString() != "placed" || len(left.Assignments.Elements()) != 2 || len(left.Moves.Elements()) != 0 {
			t.Errorf("%s: %s, %d machines, moves %s", attribute, left.Verdict, len(left.Assignments.Elements()), left.Moves)
		}
		if judged := judgedAnew(t, planOf(t, left, attributes(t, first))); len(judged) > 0 {
			t.Errorf("%s: the audit finds %v", attribute, judged)
		}
	}
}

// limited is a quota of vCPUs, in total and at a site.
func limited(total, at int64, site psn.Site) types.Object {
	limits := func(n int64) map[string]attr.Value {
		return map[string]attr.Value{"vcpus": types.Int64Value(n), "memory_gib": types.Int64Null(), "storage_gib": types.Int64Null()}
	}
	out := limits(total)
	out["sites"] = types.MapValueMust(types.ObjectType{AttrTypes: limitTypes}, map[string]attr.Value{string(site): types.ObjectValueMust(limitTypes, limits(at))})
	return types.ObjectValueMust(quotaTypes, out)
}

// TestQuotaBelowWhatStands names every limit that what stands exceeds, refuses
// growth, and lets the tenant shrink.
func TestQuotaBelowWhatStands(t *testing.T) {
	with := func(instances int64) types.Map {
		return workloads(map[string]types.Object{"web": pinned(psn.Ordinary, instances, 2, psn.Acilia, nil)})
	}
	c := configured(sitesWith(t, 100), with(7))
	c.Quota = limited(20, 20, psn.Acilia)
	first, _ := mustDecide(t, c, nil)
	c.Quota = limited(10, 5, psn.Acilia)
	m, diags := mustDecide(t, c, &first)
	want := []string{"quota of vCPU exceeded in total by 4 vCPU: what stands uses 14 vCPU, the limit is 10 vCPU", "quota of vCPU exceeded at acilia by 9 vCPU: what stands uses 14 vCPU, the limit is 5 vCPU"}
	says(t, found(m), want...)
	if m.Verdict.ValueString() != "placed" || strings.Contains(m.Explanation.String(), "no placement exists") || diags.WarningsCount() == 0 {
		t.Errorf("%s %s", m.Verdict, m.Explanation)
	}
	if diff := cmp.Diff([]string{"AUD-011 p_bs/default failed"}, judgedAnew(t, planOf(t, m, attributes(t, first)))); diff != "" {
		t.Error(diff)
	}
	c.Workloads = with(6)
	shrunk, _ := mustDecide(t, c, &m)
	says(t, found(shrunk), "in total by 2 vCPU", "at acilia by 7 vCPU")
	c.Workloads = with(8)
	_, diags = decide(t.Context(), c, &m)
	if text := fmt.Sprint(diags.Errors()); !strings.Contains(text, "short by 6 vCPU in total") {
		t.Error(text)
	}
	c.Workloads = workloads(map[string]types.Object{"web": pinned(psn.Ordinary, 7, 3, psn.Acilia, nil)})
	if _, diags = decide(t.Context(), c, &m); !diags.HasError() {
		t.Error("larger machines were accepted above the quota")
	}
}

// TestCauseIsNamed refuses what a group or an exclusion forbids, and says so.
func TestCauseIsNamed(t *testing.T) {
	apart := map[string]attr.Value{"apart": setOf("g")}
	c := configured(sitesWith(t, 100), workloads(map[string]types.Object{"a": pinned(psn.Ordinary, 1, 4, psn.Acilia, apart), "b": pinned(psn.Ordinary, 1, 4, psn.Acilia, apart)}))
	_, diags := decide(t.Context(), c, nil)
	if text := fmt.Sprint(diags.Errors()); !strings.Contains(text, "PLC-005") || !strings.Contains(text, "group g (a, b) asks for 2 workloads on different clusters") || strings.Contains(text, "PLC-008") {
		t.Error(text)
	}
	c = configured(sitesWith(t, 100), workloads(map[string]types.Object{"a": one(psn.Strategic, 1, 4)}))
	c.Exclude = exclude(types.StringNull(), psn.Acilia, psn.Pomezia)
	_, diags = decide(t.Context(), c, nil)
	if text := fmt.Sprint(diags.Errors()); !strings.Contains(text, "acilia takes no machine (works), pomezia takes no machine (works)") || !strings.Contains(text, "end the exclusion of acilia, pomezia") || strings.Contains(text, "add the missing sites") {
		t.Error(text)
	}
}
