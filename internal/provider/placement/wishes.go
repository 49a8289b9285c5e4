package placement

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The modes of a standby, as the configuration names them.
const (
	modeStandby = "standby"
	modeActive  = string(placement.Active)
)

// locality is where the data of a workload is.
type locality struct {
	Sites    types.Set    `tfsdk:"sites"`
	Workload types.String `tfsdk:"workload"`
}

// wants completes a workload of the request with what is optional. It returns
// the workload whose sites it wants to be near, "" for none.
func (w workload) wants(ctx context.Context, into *placement.Workload) (string, diag.Diagnostics) {
	into.GPUs = w.GPUs.ValueInt64()
	if class := w.StorageClass.ValueString(); class != "" {
		into.StorageClasses = map[string]int64{class: into.PerInstance.StorageMiB}
	}
	if w.Mode.ValueString() == modeActive {
		into.StandbyMode = placement.Active
	}
	if w.Locality.IsNull() {
		return "", nil
	}
	var l locality
	diags := w.Locality.As(ctx, &l, asOptions)
	into.Near = words[psn.Site](l.Sites)
	return l.Workload.ValueString(), diags
}

// checkWishes refuses what no request can mean.
func checkWishes(ws map[string]workload, follows map[string]string) diag.Diagnostics {
	var diags diag.Diagnostics
	refuse := func(name, attribute, format string, args ...any) {
		diags.Append(diagnose.UnableAt(at(name).AtName(attribute), "place", fmt.Sprintf("workload %q", name), psn.Errorf(psn.InvalidInput, format, args...)))
	}
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		w := ws[name]
		if class := psn.Classification(w.Classification.ValueString()); w.Mode.ValueString() == modeActive && !class.Protected() {
			refuse(name, "mode", "mode is %q, but a workload that is %s has no standby: leave mode out", modeActive, class)
		}
		near := follows[name]
		_, known := ws[near]
		switch sites := w.Locality.Attributes()["sites"]; {
		case w.Locality.IsNull():
		case near == "" && (sites == nil || sites.IsNull()):
			refuse(name, "locality", "locality names neither sites nor a workload: give one of the two, or leave it out")
		case near != "" && !sites.IsNull():
			refuse(name, "locality", "locality names sites and workload %q: give one of the two", near)
		case near == name:
			refuse(name, "locality", "locality.workload is %q, the workload itself: name the one that has the data", near)
		case near != "" && known && slices.Contains(chain(name, follows)[1:], name):
			refuse(name, "locality", "locality.workload leads back to it: %s. Whose place is to be decided first cannot be told: take locality out of one of them, or give them the same name in together to have them on one cluster", strings.Join(chain(name, follows), " is near "))
		case near != "" && !known:
			refuse(name, "locality", "locality.workload is %q, which is no workload of this placement: name one of %v", near, slices.Sorted(maps.Keys(ws)))
		}
	}
	return diags
}

// groupsOf gathers what the workloads say of groups.
func groupsOf(ws map[string]workload) []placement.Group {
	type key struct {
		kind placement.GroupKind
		name string
	}
	members := map[key][]string{}
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		w := ws[name]
		if group := w.Together.ValueString(); group != "" {
			k := key{placement.Together, group}
			members[k] = append(members[k], name)
		}
		for kind, set := range map[placement.GroupKind]types.Set{placement.ApartCluster: w.Apart, placement.ApartSite: w.ApartBySite} {
			for _, group := range words[string](set) {
				members[key{kind, group}] = append(members[key{kind, group}], name)
			}
		}
	}
	out := make([]placement.Group, 0, len(members))
	for k, names := range members {
		if len(names) == 1 && k.kind != placement.Together {
			continue // nobody is left to be apart from
		}
		out = append(out, placement.Group{Name: k.name, Kind: k.kind, Workloads: names})
	}
	slices.SortFunc(out, func(a, b placement.Group) int { // order does not matter to the solver, but to its errors
		return slices.Compare([]string{a.Name, string(a.Kind)}, []string{b.Name, string(b.Kind)})
	})
	return out
}

// tightens reports whether a workload asks for something that p did not.
func (w workload) tightens(p workload) bool {
	if w.GPUs.ValueInt64() > p.GPUs.ValueInt64() || w.Mode.ValueString() == modeActive && p.Mode.ValueString() != modeActive {
		return true
	}
	for _, v := range [][2]attr.Value{{w.StorageClass, p.StorageClass}, {w.Together, p.Together}, {w.Apart, p.Apart}, {w.ApartBySite, p.ApartBySite}} {
		if !v[0].IsNull() && !v[0].Equal(v[1]) {
			return true
		}
	}
	return false
}

// tellWishes says in sentences which machines are far from their data, and what
// the decision costs where the configuration gives prices or weights.
func tellWishes(req placement.Request, res placement.Result) []string {
	if res.Verdict != placement.Placed {
		return nil
	}
	near := map[string][]psn.Site{}
	for _, w := range req.Workloads {
		if len(w.Near) > 0 {
			near[w.Name] = w.Near
		}
	}
	elsewhere := map[string][]string{}
	for key, a := range res.Assignments {
		if sites := near[a.Workload]; len(sites) > 0 && !slices.Contains(sites, a.Site) {
			elsewhere[a.Workload] = append(elsewhere[a.Workload], key)
		}
	}
	var out []string
	for _, w := range req.Workloads {
		if far := elsewhere[w.Name]; len(far) > 0 {
			slices.Sort(far)
			n := len(far)
			out = append(out, fmt.Sprintf("workload %s wants to be near its data at %s: %d of its %d machines are elsewhere, first %s",
				w.Name, strings.Join(names(w.Near), ", "), n, w.Instances, strings.Join(far[:min(n, 5)], ", ")))
		}
	}
	priced := slices.ContainsFunc(req.Facts, func(f placement.ClusterFacts) bool { return f.Price != placement.Price{} })
	if priced || req.Weights != nil {
		c := res.Cost
		out = append(out, fmt.Sprintf("cost: %s (prices %s, moves %s, wishes not met %s, balance %s)", units(c.Total), units(c.Price), units(c.Moves), units(c.Wishes), units(c.Balance)))
	}
	return out
}

// units writes millionths of a unit of cost in units.
func units(c int64) string { return fmt.Sprintf("%d.%02d", c/1_000_000, c%1_000_000/10_000) }
