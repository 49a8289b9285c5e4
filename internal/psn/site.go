package psn

import (
	"fmt"
	"slices"
	"strings"
)

// Site is one of the four data centres of the Polo Strategico Nazionale.
type Site string

// The four sites, in the order used everywhere (by region, then name).
const (
	Acilia             Site = "acilia"
	Pomezia            Site = "pomezia"
	Rozzano            Site = "rozzano"
	SantoStefanoTicino Site = "santo-stefano-ticino"
)

// Region is one of the two Italian regions that host a pair of sites.
type Region string

// The two regions.
const (
	Lazio     Region = "lazio"
	Lombardia Region = "lombardia"
)

// Platform is the virtualisation platform of a site.
type Platform string

// The two platforms.
const (
	VSphere   Platform = "vsphere"
	OpenStack Platform = "openstack"
)

// Sites returns the four sites in canonical order.
func Sites() []Site { return []Site{Acilia, Pomezia, Rozzano, SantoStefanoTicino} }

// Regions returns the two regions in canonical order.
func Regions() []Region { return []Region{Lazio, Lombardia} }

// Platforms returns the two platforms in canonical order.
func Platforms() []Platform { return []Platform{VSphere, OpenStack} }

// Region returns the region of s, or "" when s is not one of the four sites.
func (s Site) Region() Region {
	switch s {
	case Acilia, Pomezia:
		return Lazio
	case Rozzano, SantoStefanoTicino:
		return Lombardia
	}
	return ""
}

// Valid reports whether s is one of the four sites.
func (s Site) Valid() bool { return s.Region() != "" }

// ParseSite returns the site named by v, or an Error with code InvalidInput
// that lists the four names.
func ParseSite(v string) (Site, error) {
	if s := Site(v); s.Valid() {
		return s, nil
	}
	return "", Errorf(InvalidInput, "unknown site %q: use one of %s", v, joinQuoted(Sites()))
}

// ParseRegion returns the region named by v.
func ParseRegion(v string) (Region, error) { return oneOf("region", v, Regions()) }

// ParsePlatform returns the platform named by v.
func ParsePlatform(v string) (Platform, error) { return oneOf("platform", v, Platforms()) }

func oneOf[T ~string](what, v string, allowed []T) (T, error) {
	if slices.Contains(allowed, T(v)) {
		return T(v), nil
	}
	return "", Errorf(InvalidInput, "unknown %s %q: use one of %s", what, v, joinQuoted(allowed))
}

func joinQuoted[T ~string](vs []T) string {
	q := make([]string, len(vs))
	for i, v := range vs {
		q[i] = fmt.Sprintf("%q", string(v))
	}
	return strings.Join(q, ", ")
}
