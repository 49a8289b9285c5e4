package catalog

import (
	_ "embed" // data files
	"slices"
	"sync"
)

//go:embed services.json
var servicesJSON []byte

// Term is an entry of a list with its id and its names.
type Term struct {
	ID      string `json:"id"` // lower-case ASCII, hyphens
	Italian string `json:"it"`
	English string `json:"en"`
}

type serviceTable struct {
	Source     string `json:"source"`
	Categories []Term `json:"categories"`
	Named      []Term `json:"named"`
}

var loadServices = sync.OnceValue(func() serviceTable {
	var t serviceTable
	mustParse("services.json", servicesJSON, &t)
	return t
})

// Categories returns the ten service categories of PNRR measure 1.2.
func Categories() []Term { return slices.Clone(loadServices().Categories) }

// CategoryOf returns the category with the given id.
func CategoryOf(id string) (Term, bool) {
	i := slices.IndexFunc(loadServices().Categories, func(t Term) bool { return t.ID == id })
	if i < 0 {
		return Term{}, false
	}
	return loadServices().Categories[i], true
}

// NamedServices returns the five services that the notice of measure 1.2 names.
func NamedServices() []Term { return slices.Clone(loadServices().Named) }
