package catalog

import (
	_ "embed" // data files
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

//go:embed sites.json
var sitesJSON []byte

// Site is what is known of one data centre.
type Site struct {
	Site      psn.Site       `json:"site"`
	Region    psn.Region     `json:"region"`
	Name      string         `json:"name"`    // as written in Italian
	City      string         `json:"city"`    // comune
	Address   string         `json:"address"` // street
	Latitude  int64          `json:"latitude_millidegrees"`
	Longitude int64          `json:"longitude_millidegrees"`
	Platforms []psn.Platform `json:"platforms"`
}

// Distance is a straight line between two sites, in whole hectometres (units
// of 100 m). Own computation by haversine from the coordinates of Sites, which
// are within 2 km.
type Distance int64

// Km returns the distance in whole kilometres, rounded.
func (d Distance) Km() int64 { return (int64(d) + 5) / 10 }

// String writes the distance in kilometres with one decimal, for example "476.9 km".
func (d Distance) String() string { return fmt.Sprintf("%d.%d km", d/10, d%10) }

// MinRTTMicroseconds is the round trip that light in fibre needs at least over
// the straight line, at 200 km per millisecond. Real routes are longer.
func (d Distance) MinRTTMicroseconds() int64 { return int64(d) }

// Pair is two different sites, in canonical order.
type Pair struct {
	A, B     psn.Site
	Distance Distance
}

type siteTable struct {
	Source string `json:"source"`
	Sites  []Site `json:"sites"`
	pairs  []Pair
}

var loadSites = sync.OnceValue(func() siteTable {
	var t siteTable
	mustParse("sites.json", sitesJSON, &t)
	for i, a := range t.Sites {
		for _, b := range t.Sites[i+1:] {
			t.pairs = append(t.pairs, Pair{a.Site, b.Site, haversine(a, b)})
		}
	}
	return t
})

// Sites returns the four sites in canonical order.
func Sites() []Site { return slices.Clone(loadSites().Sites) }

// SiteOf returns what is known of s; ok is false when s is not one of the four.
func SiteOf(s psn.Site) (Site, bool) {
	for _, f := range loadSites().Sites {
		if f.Site == s {
			return f, true
		}
	}
	return Site{}, false
}

// Distances returns the six pairs of sites with their distances.
func Distances() []Pair { return slices.Clone(loadSites().pairs) }

// DistanceBetween returns the distance between two sites, zero when they are
// the same; ok is false when one is not of the four.
func DistanceBetween(a, b psn.Site) (d Distance, ok bool) {
	if a == b {
		return 0, a.Valid()
	}
	for _, p := range loadSites().pairs {
		if p.A == a && p.B == b || p.A == b && p.B == a {
			return p.Distance, true
		}
	}
	return 0, false
}

// haversine is the great-circle distance on a sphere of 6 371 km.
func haversine(a, b Site) Distance {
	rad := func(milli int64) float64 { return float64(milli) / 1000 * math.Pi / 180 }
	sin2 := func(x float64) float64 { return math.Sin(x/2) * math.Sin(x/2) }
	h := sin2(rad(b.Latitude-a.Latitude)) + math.Cos(rad(a.Latitude))*math.Cos(rad(b.Latitude))*sin2(rad(b.Longitude-a.Longitude))
	return Distance(math.Round(2 * 63710 * math.Asin(math.Sqrt(h))))
}

// mustParse decodes embedded data; the tests of this package show that it can.
func mustParse(name string, data []byte, into any) {
	if err := json.Unmarshal(data, into); err != nil {
		panic(fmt.Sprintf("catalog: %s: %v", name, err))
	}
}

// StandbysFor returns the sites that give disaster recovery to s, those of the
// other region, nearest first; none when s is not one of the four.
func StandbysFor(s psn.Site) []psn.Site {
	var out []psn.Site
	for _, o := range psn.Sites() {
		if s.Valid() && o.Region() != s.Region() {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b psn.Site) int {
		da, _ := DistanceBetween(s, a)
		db, _ := DistanceBetween(s, b)
		return int(da - db)
	})
	return out
}
