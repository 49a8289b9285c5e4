package virtualmachine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestKeepsWhatItWasMadeWith declares something else for a machine that stands,
// known or not: nothing is refused, the state goes on telling what it was made
// with, and a warning says so.
func TestKeepsWhatItWasMadeWith(t *testing.T) {
	keys := types.ListValueMust(types.StringType, []attr.Value{known("ssh-ed25519 AAAA")})
	for name, tc := range map[string]struct {
		was         past
		prior, edit func(*model)
		image, keys attr.Value // planned
		want        string     // of the warning; empty means none
	}{
		"as it is":      {edit: func(*model) {}, image: known("debian-12"), keys: keys},
		"other image":   {edit: func(m *model) { m.Image = known("debian-13") }, image: known("debian-12"), keys: keys, want: `made from image "debian-12"`},
		"unknown image": {edit: func(m *model) { m.Image = types.StringUnknown() }, image: known("debian-12"), keys: keys, want: `made from image "debian-12"`},
		"image removed": {edit: func(m *model) { m.Image = types.StringNull() }, image: known("debian-12"), keys: keys},
		"other keys": {edit: func(m *model) { m.SSHKeys = types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown()}) },
			image: known("debian-12"), keys: keys, want: "ssh_keys, read by the guest at its first boot"},
		"image and keys": {edit: func(m *model) {
			m.Image, m.SSHKeys = known("x"), types.ListValueMust(types.StringType, nil)
		}, image: known("debian-12"), keys: keys, want: "image, ssh_keys, used when a machine is made or first boots"},
		"keys removed": {edit: func(m *model) { m.SSHKeys = types.ListNull(types.StringType) }, image: known("debian-12"), keys: types.ListNull(types.StringType), want: "It is written down"},
		"image added":  {prior: func(m *model) { m.Image = types.StringNull() }, edit: func(*model) {}, image: known("debian-12"), keys: keys, want: "It is written down"},
		"imported, by id": {was: past{imported: true, madeFrom: []string{"i-1", "debian-12"}},
			prior: func(m *model) { m.Image = known("i-1") }, edit: func(*model) {}, image: known("debian-12"), keys: keys},
		"imported, wrong image": {was: past{imported: true, madeFrom: []string{"i-1", "debian-12"}},
			prior: func(m *model) { m.Image = known("i-1") }, edit: func(m *model) { m.Image = known("debian-13") }, image: known("i-1"), keys: keys, want: `made from image "i-1"`},
		"imported, keys": {was: past{imported: true}, prior: func(m *model) { m.SSHKeys = types.ListNull(types.StringType) }, edit: func(*model) {},
			image: known("debian-12"), keys: keys, want: "The platform does not tell ssh_keys"},
		"imported, unknown image": {was: past{imported: true, madeFrom: []string{"i-1", "debian-12"}},
			prior: func(m *model) { m.Image = known("i-1") }, edit: func(m *model) { m.Image = types.StringUnknown() }, image: types.StringUnknown(), keys: keys, want: `made from image "i-1"`},
		"unknown keys": {edit: func(m *model) { m.SSHKeys = types.ListUnknown(types.StringType) },
			image: known("debian-12"), keys: types.ListUnknown(types.StringType), want: "ssh_keys, read by the guest at its first boot"},
		"gone": {was: past{gone: true}, edit: func(m *model) { m.Image = known("debian-13") }, image: known("debian-13"), keys: keys},
	} {
		prior := standing(psn.OpenStack)
		prior.Image, prior.SSHKeys = known("debian-12"), keys
		config := prior
		if tc.prior != nil {
			tc.prior(&prior)
		}
		tc.edit(&config)
		m := config
		var diags diag.Diagnostics
		m.keepGuest(config, prior, tc.was, &diags)
		var text strings.Builder
		for _, d := range diags {
			text.WriteString(d.Detail())
		}
		if diags.HasError() || !strings.Contains(text.String(), tc.want) || tc.want == "" && len(diags) > 0 {
			t.Errorf("%s: %v, want %q", name, diags, tc.want)
		}
		if diff := cmp.Diff([]string{tc.image.String(), tc.keys.String()}, []string{m.Image.String(), m.SSHKeys.String()}); diff != "" {
			t.Errorf("%s: planned otherwise: %s", name, diff)
		}
	}
}

// TestPlanIsKeptTo plans with a value that is not known and then with what it
// turns out to be: what the first plan told must be what the second tells.
func TestPlanIsKeptTo(t *testing.T) {
	text := func(v *types.String) (func(), []func()) {
		set := func(to types.String) func() { return func() { *v = to } }
		return set(types.StringUnknown()), []func(){set(types.StringNull()), set(known("was")), set(known("other"))}
	}
	number := func(v *types.Int64) (func(), []func()) {
		set := func(to types.Int64) func() { return func() { *v = to } }
		return set(types.Int64Unknown()), []func(){set(types.Int64Null()), set(types.Int64Value(1)), set(types.Int64Value(2))}
	}
	for name, tc := range map[string]struct {
		of  func(*model) (unknown func(), becomes []func())
		get func(model) attr.Value
	}{
		"image":                  {func(m *model) (func(), []func()) { return text(&m.Image) }, func(m model) attr.Value { return m.Image }},
		"guest_os":               {func(m *model) (func(), []func()) { return text(&m.GuestOS) }, func(m model) attr.Value { return m.GuestOS }},
		"firmware":               {func(m *model) (func(), []func()) { return text(&m.Firmware) }, func(m model) attr.Value { return m.Firmware }},
		"group":                  {func(m *model) (func(), []func()) { return text(&m.Group) }, func(m model) attr.Value { return m.Group }},
		"group_policy":           {func(m *model) (func(), []func()) { return text(&m.GroupPolicy) }, func(m model) attr.Value { return m.GroupPolicy }},
		"user_data":              {func(m *model) (func(), []func()) { return text(&m.UserData) }, func(m model) attr.Value { return m.UserData }},
		"user_data_wo_version":   {func(m *model) (func(), []func()) { return number(&m.UserDataWOVersion) }, func(m model) attr.Value { return m.UserDataWOVersion }},
		"vendor_data_wo_version": {func(m *model) (func(), []func()) { return number(&m.VendorDataWOVersion) }, func(m model) attr.Value { return m.VendorDataWOVersion }},
	} {
		prior := standing(psn.OpenStack)
		_, values := tc.of(&prior)
		for _, was := range []past{{}, {imported: true, madeFrom: []string{"was", "other"}}} {
			values[1]()
			config := prior
			unknown, becomes := tc.of(&config)
			plan := func() attr.Value {
				m := config
				m.keepGuest(config, prior, was, &diag.Diagnostics{})
				return tc.get(m)
			}
			unknown()
			first := plan()
			for i, become := range becomes {
				become()
				if second := plan(); !first.IsUnknown() && !first.Equal(second) {
					t.Errorf("%s (imported %v), value %d: planned %s, then %s", name, was.imported, i, first, second)
				}
			}
		}
	}
}

// TestUnknownThatMayBeTheSame: what a plan says must hold also when what was not
// known turns out to be what stands.
func TestUnknownThatMayBeTheSame(t *testing.T) {
	prior := standing(psn.OpenStack)
	for name, tc := range map[string]struct {
		edit func(*model)
		want types.String
	}{
		"groups": {func(m *model) { m.SecurityGroups = types.SetUnknown(types.StringType) }, types.StringUnknown()},
		"a card's network": {func(m *model) {
			m.NICs = cardList([]card{{network: types.StringUnknown(), mac: cardsOf(m.NICs)[0].mac}})
		}, types.StringUnknown()},
		"and a size": {func(m *model) { m.SecurityGroups, m.VCPUs = types.SetUnknown(types.StringType), types.Int64Value(4) }, known("restart: vCPUs 2 -> 4")},
	} {
		m := prior
		tc.edit(&m)
		if got := m.disruption(&prior, false); !got.Equal(tc.want) {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// TestNeverMadeIsNotLost: only of a machine that was seen once is it said that
// what was on its disks is lost.
func TestNeverMadeIsNotLost(t *testing.T) {
	for _, tc := range []struct {
		left       []part
		seen, lost bool
		title      string
	}{
		{nil, false, false, "was not made"},
		{nil, true, true, "was not found"},
		{[]part{{what: "a port"}}, false, false, "was not found"},
		{[]part{{what: "disk web-1-0"}}, true, false, "was not found"},
	} {
		title, text := standing(psn.OpenStack).tellGone(tc.left, tc.seen)
		if !strings.HasSuffix(title, tc.title) || strings.Contains(text, "does not come back") != tc.lost || !tc.seen && strings.Contains(text, "last seen") {
			t.Errorf("%v, seen %v: %s: %s", tc.left, tc.seen, title, text)
		}
	}
}

// TestRefusalsSayHowToDestroy: the CLI asks for a plan before a destroy too.
func TestRefusalsSayHowToDestroy(t *testing.T) {
	_, changes := planned(t, func(m *model) { m.NICs = cardList(nil) })
	changes.AddWarning("a warning", "stays as it is")
	told := yetDestroyable(changes)
	if len(told) != 2 || told.ErrorsCount() != 1 || !strings.HasSuffix(told.Errors()[0].Detail(), "add -refresh=false to the destroy, which leaves this check out.") || told.Warnings()[0].Detail() != "stays as it is" {
		t.Errorf("%v", told)
	}
	if at, ok := told.Errors()[0].(diag.DiagnosticWithPath); !ok || at.Path().String() != "nics" {
		t.Errorf("the attribute is not blamed: %v", told)
	}
}
