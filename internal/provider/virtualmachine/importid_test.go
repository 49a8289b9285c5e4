package virtualmachine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestParseImportID(t *testing.T) {
	for raw, tc := range map[string]struct {
		id  psn.VMID
		of  *foreign
		bad string
	}{
		"p_bs/web-1":                         {id: "p_bs/web-1"},
		"P_BS/web-1":                         {id: "p_bs/web-1"},
		"p_bs/web-1@acilia/vsphere/vm-42":    {id: "p_bs/web-1", of: &foreign{psn.Acilia, psn.VSphere, "vm-42"}},
		"p_bs/web-1@rozzano/openstack/a b/c": {id: "p_bs/web-1", of: &foreign{psn.Rozzano, psn.OpenStack, "a b/c"}},
		"":                                   {bad: "is not valid"},
		"web-1":                              {bad: "is not valid"},
		"p_bs/web-1@":                        {bad: `after "@"`},
		"p_bs/web-1@acilia/vsphere/ ":        {bad: `after "@"`},
		"p_bs/web-1@torino/vsphere/vm-1":     {bad: "torino"},
		"p_bs/web-1@acilia/xen/vm-1":         {bad: "xen"},
	} {
		id, of, err := parseImportID(raw)
		if tc.bad != "" {
			if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.bad) {
				t.Errorf("%q: %v, want %q", raw, err, tc.bad)
			}
			continue
		}
		if diff := cmp.Diff(tc.of, of); err != nil || id != tc.id || diff != "" {
			t.Errorf("%q: %s %v %s", raw, id, err, diff)
		}
	}
}

func FuzzParseImportID(f *testing.F) {
	f.Add("p_bs/web-1@acilia/vsphere/vm-42")
	f.Add("p_bs/web-1")
	f.Fuzz(func(t *testing.T, raw string) {
		id, of, err := parseImportID(raw)
		if err != nil {
			if !psn.Is(err, psn.InvalidInput) || of != nil {
				t.Fatalf("%v %v", of, err)
			}
			return
		}
		again := string(id)
		if of != nil {
			again += "@" + string(of.Site) + "/" + string(of.Platform) + "/" + of.Ref
		}
		id2, of2, err := parseImportID(again)
		if err != nil || id2 != id || !cmp.Equal(of, of2) {
			t.Fatalf("%q reads as %s %v %v", again, id2, of2, err)
		}
	})
}
