package located_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestParseKey(t *testing.T) {
	for in, want := range map[string]string{
		"p_bs/acilia/vsphere/dati":                       "",
		"_/santo-stefano-ticino/openstack/debian-12":     "",
		"P_BS/acilia/vsphere/dati":                       "p_bs/acilia/vsphere/dati",
		"p_bs/acilia/vsphere":                            "3 parts",
		"p_bs/acilia/vsphere/dati/x":                     "5 parts",
		"p_bs/torino/vsphere/dati":                       "torino",
		"p_bs/acilia/xen/dati":                           "xen",
		"p_bs/acilia/vsphere/Dati!":                      "Dati!",
		"/acilia/vsphere/dati":                           "IPA code",
		"":                                               "1 parts",
		"p_bs/acilia/vsphere/" + strings.Repeat("a", 64): "not a valid name",
	} {
		k, err := located.ParseKey("network", in)
		if want == "" {
			want = in
		}
		if err == nil && k.String() != want || err != nil && (!psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "network id")) {
			t.Errorf("%q: %q, %v; want %q", in, k, err, want)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"p_bs/acilia/vsphere/dati", "_/rozzano/openstack/x", "////", "a/b/c/d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		k, err := located.ParseKey("volume", in)
		if err != nil {
			if !psn.Is(err, psn.InvalidInput) {
				t.Errorf("%q: %v", in, err)
			}
			return
		}
		again, err := located.ParseKey("volume", k.String())
		if err != nil || again != k {
			t.Errorf("%q: %q is read as %q, %v", in, k, again, err)
		}
	})
}
