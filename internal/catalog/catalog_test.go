package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestSitesMatchTheVocabulary(t *testing.T) {
	var got []psn.Site
	for _, s := range catalog.Sites() {
		got = append(got, s.Site)
		if s.Region != s.Site.Region() {
			t.Errorf("%s: region %q in the data, %q in the vocabulary", s.Site, s.Region, s.Site.Region())
		}
		if s.Name == "" || s.City == "" || s.Address == "" {
			t.Errorf("%s: name, city or address missing: %+v", s.Site, s)
		}
		if diff := cmp.Diff(psn.Platforms(), s.Platforms); diff != "" {
			t.Errorf("%s: platforms (-want +got):\n%s", s.Site, diff)
		}
		if one, ok := catalog.SiteOf(s.Site); !ok || one.Name != s.Name {
			t.Errorf("SiteOf(%s) = %+v, %v", s.Site, one, ok)
		}
	}
	if diff := cmp.Diff(psn.Sites(), got); diff != "" {
		t.Errorf("sites (-want +got):\n%s", diff)
	}
	if _, ok := catalog.SiteOf("milano"); ok {
		t.Error("SiteOf knows a site that does not exist")
	}
}

// The distances that the court reports and the project's own measure agree on.
func TestDistances(t *testing.T) {
	want := []struct {
		a, b psn.Site
		hm   catalog.Distance
		text string
	}{
		{psn.Acilia, psn.Pomezia, 174, "17.4 km"},
		{psn.Rozzano, psn.SantoStefanoTicino, 216, "21.6 km"},
		{psn.Acilia, psn.Rozzano, 4769, "476.9 km"},
		{psn.Pomezia, psn.Rozzano, 4932, "493.2 km"},
		{psn.Acilia, psn.SantoStefanoTicino, 4966, "496.6 km"},
		{psn.Pomezia, psn.SantoStefanoTicino, 5129, "512.9 km"},
	}
	for _, w := range want {
		for _, pair := range [][2]psn.Site{{w.a, w.b}, {w.b, w.a}} {
			got, ok := catalog.DistanceBetween(pair[0], pair[1])
			if !ok || got < w.hm-2 || got > w.hm+2 {
				t.Errorf("%s to %s: %s, want %s within 0.2 km", pair[0], pair[1], got, w.text)
			}
		}
	}
	if n := len(catalog.Distances()); n != len(want) {
		t.Errorf("%d pairs, want %d", n, len(want))
	}
	if d, ok := catalog.DistanceBetween(psn.Acilia, psn.Acilia); d != 0 || !ok {
		t.Errorf("a site is %s from itself", d)
	}
	if _, ok := catalog.DistanceBetween(psn.Acilia, "milano"); ok {
		t.Error("a distance to a site that does not exist")
	}
	if got := catalog.Distance(4769); got.String() != "476.9 km" || got.Km() != 477 || got.MinRTTMicroseconds() != 4769 {
		t.Errorf("4769 hm reads %s, %d km, %d us", got, got.Km(), got.MinRTTMicroseconds())
	}
}

func TestLevels(t *testing.T) {
	if diff := cmp.Diff([]catalog.Level{"QC1", "QC2", "QC3", "QC4"}, catalog.Levels()); diff != "" {
		t.Error(diff)
	}
	for class, want := range map[psn.Classification]catalog.Level{psn.Ordinary: "QC1", psn.Critical: "QC2", psn.Strategic: "QC3", "secret": ""} {
		if got := catalog.MinimumLevel(class); got != want {
			t.Errorf("minimum for %s is %q, want %q", class, got, want)
		}
	}
	if catalog.DefaultLevel().Rank() != 4 || catalog.Level("QC5").Rank() != 0 {
		t.Error("ranks are wrong")
	}
}

func TestInEU(t *testing.T) {
	for code, want := range map[string]bool{"IT": true, "it": true, "EU": true, "FR": true, "GB": false, "CH": false, "US": false, "": false, "I": false, "T B": false, "AT BE": false, "  ": false} {
		if got := catalog.InEU(code); got != want {
			t.Errorf("InEU(%q) = %v", code, got)
		}
	}
}

func TestServices(t *testing.T) {
	if n := len(catalog.Categories()); n != 10 {
		t.Errorf("%d categories, want 10", n)
	}
	if n := len(catalog.NamedServices()); n != 5 {
		t.Errorf("%d named services, want 5", n)
	}
	seen := map[string]bool{}
	for _, c := range append(catalog.Categories(), catalog.NamedServices()...) {
		if seen[c.ID] || psn.CheckName("id", c.ID) != nil || strings.TrimSpace(c.Italian) == "" || c.English == "" {
			t.Errorf("bad entry %+v", c)
		}
		seen[c.ID] = true
	}
	if c, ok := catalog.CategoryOf("funzionamento"); !ok || c.Italian == "" {
		t.Errorf("CategoryOf: %+v %v", c, ok)
	}
	if _, ok := catalog.CategoryOf("altro"); ok {
		t.Error("CategoryOf knows a category that does not exist")
	}
}

func TestStandbysFor(t *testing.T) {
	want := map[psn.Site][]psn.Site{
		psn.Acilia: {psn.Rozzano, psn.SantoStefanoTicino}, psn.Pomezia: {psn.Rozzano, psn.SantoStefanoTicino},
		psn.Rozzano: {psn.Acilia, psn.Pomezia}, psn.SantoStefanoTicino: {psn.Acilia, psn.Pomezia}, "milano": nil,
	}
	for s, w := range want {
		if diff := cmp.Diff(w, catalog.StandbysFor(s)); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	}
}
