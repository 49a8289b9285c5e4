package virtualmachine

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// yard is a site where nothing but parts of machines stands.
type yard struct {
	driver.Site
	parts []string
	kept  error // a machine that can be restored
}

func (y *yard) VMRemains(context.Context, psn.VMID) ([]string, error) { return y.parts, y.kept }

func (y *yard) DeleteVMRemains(context.Context, psn.VMID) error {
	if y.kept == nil {
		y.parts = nil
	}
	return y.kept
}

// yards are the configured sites, each on one platform.
type yards map[psn.Site]*platform.Site

func (y yards) Sites() ([]psn.Site, error) {
	var out []psn.Site
	for s := range y {
		out = append(out, s)
	}
	slices.Sort(out)
	return out, nil
}

func (y yards) At(s psn.Site) ([]*platform.Site, error) { return []*platform.Site{y[s]}, nil }

func (y yards) Site(s psn.Site, _ psn.Platform) (*platform.Site, error) { return y[s], nil }

// memory is private state.
type memory map[string][]byte

func (m memory) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return m[key], nil }

func (m memory) SetKey(_ context.Context, key string, v []byte) diag.Diagnostics {
	m[key] = v
	return nil
}

// TestRemainsAwayFromHome: of a machine that failed over and was then deleted by
// hand the disks are where it ran last. No number of refreshes forgets them, it is
// made anew nowhere else, and a destroy removes them.
func TestRemainsAwayFromHome(t *testing.T) {
	away := &yard{parts: []string{"volume v-1"}}
	open := func(s psn.Site, d driver.Site) *platform.Site {
		return platform.New(s, psn.OpenStack, "site "+string(s), func(context.Context) (driver.Site, error) { return d, nil })
	}
	r := &vmResource{places: yards{psn.Acilia: open(psn.Acilia, &yard{}), psn.Pomezia: open(psn.Pomezia, away), psn.Rozzano: open(psn.Rozzano, &yard{})}}
	private, m := memory{}, standing(psn.OpenStack)
	m.ActiveSite, m.StandbySite = known("pomezia"), types.StringNull()
	for n := range 3 {
		left, diags := r.refreshGone(t.Context(), m, nil, private, private)
		if left == nil {
			t.Fatalf("refresh %d forgot the machine: %v", n+1, diags)
		}
		for _, want := range []string{"last seen at site pomezia", "volume v-1 at site pomezia", "is not made there while this stands elsewhere"} {
			if text := diags[0].Detail(); !strings.Contains(text, want) {
				t.Errorf("refresh %d does not say %q: %s", n+1, want, text)
			}
		}
		m = *left
		if !m.ActiveSite.IsNull() {
			t.Errorf("refresh %d: active at %s", n+1, m.ActiveSite)
		}
	}
	if err := r.together(t.Context(), m, m, private); !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "volume v-1 at site pomezia") {
		t.Errorf("made with empty disks at home: %v", err)
	}
	for place, tc := range map[spot]bool{
		{psn.Pomezia, psn.OpenStack, "a"}: true,
		{psn.Pomezia, psn.VSphere, "a"}:   false, // there its disks cannot be used
	} {
		there := m
		there.Site, there.Platform = known(string(place.site)), known(string(place.platform))
		if err := r.together(t.Context(), there, m, private); (err == nil) != tc {
			t.Errorf("declared at %s: %v", place, err)
		}
	}
	if err := r.sweep(t.Context(), m, private); err != nil || len(away.parts) != 0 {
		t.Errorf("destroyed, and %v stand: %v", away.parts, err)
	}
	if left, _ := r.refreshGone(t.Context(), m, nil, private, private); left != nil {
		t.Error("nothing of it stands, and it is not forgotten")
	}
}

// TestRemainsAtHome: where its disks are at home, and its standby elsewhere, the
// machine is made anew.
func TestRemainsAtHome(t *testing.T) {
	d := &yard{parts: []string{"volume v-1"}}
	at := platform.New(psn.Acilia, psn.OpenStack, "site acilia", func(context.Context) (driver.Site, error) { return d, nil })
	r := &vmResource{places: yards{psn.Acilia: at}}
	private, m := memory{}, standing(psn.OpenStack)
	left, diags := r.refreshGone(t.Context(), m, &seen{at, &psn.VM{Cluster: "b"}}, private, private)
	if left == nil || !strings.Contains(diags[0].Detail(), "makes the machine anew with what stands") || !strings.Contains(diags[0].Detail(), "its standby at acilia, cluster b") {
		t.Fatalf("%v, %v", left, diags)
	}
	if err := r.together(t.Context(), *left, *left, private); err != nil {
		t.Error(err)
	}
	// A mark without a site, as it was once written, is one too.
	if m := left.recall(t.Context(), memory{goneKey: []byte("true")}); !m.ActiveSite.IsNull() || !isGone(t.Context(), memory{goneKey: []byte("true")}) {
		t.Errorf("recalled %s", m.ActiveSite)
	}
}

// TestMachineThatCanBeRestored: its disks are no remains. The state goes on naming
// it, nothing is made in its place, nothing is removed, and it is said why.
func TestMachineThatCanBeRestored(t *testing.T) {
	d := &yard{kept: psn.Errorf(psn.Conflict, "the cloud keeps it: restore it, or have it deleted for good")}
	at := platform.New(psn.Acilia, psn.OpenStack, "site acilia", func(context.Context) (driver.Site, error) { return d, nil })
	r := &vmResource{places: yards{psn.Acilia: at}}
	private, m := memory{}, standing(psn.OpenStack)
	for n := range 2 {
		left, diags := r.refreshGone(t.Context(), m, nil, private, private)
		if left == nil || diags.HasError() || len(diags) != 1 || !strings.HasSuffix(diags[0].Summary(), "was deleted and can be restored") {
			t.Fatalf("refresh %d: %v, %v", n+1, left, diags)
		}
		for _, want := range []string{"restore it, or have it deleted for good", "makes nothing in its place"} {
			if !strings.Contains(diags[0].Detail(), want) {
				t.Errorf("refresh %d does not say %q: %s", n+1, want, diags[0].Detail())
			}
		}
		if strings.Contains(diags[0].Detail(), "makes the machine anew") {
			t.Errorf("refresh %d promises what cannot be: %s", n+1, diags[0].Detail())
		}
		m = *left
	}
	for what, err := range map[string]error{"made anew": r.together(t.Context(), m, m, private), "removed": r.sweep(t.Context(), m, private)} {
		if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "restore it") {
			t.Errorf("%s: %v", what, err)
		}
	}
	d.kept = nil
	if left, _ := r.refreshGone(t.Context(), m, nil, private, private); left != nil {
		t.Error("it was deleted for good, nothing of it stands, and it is not forgotten")
	}
}
