package catalog

import (
	_ "embed" // data files
	"slices"
	"sync"
)

//go:embed products.json
var productsJSON []byte

//go:embed attestation.json
var attestationJSON []byte

// SecurePublicCloud is the PSN product that PNRR 1.1 does not admit for
// strategic services.
const SecurePublicCloud = "secure-public-cloud"

type productTable struct {
	Source   string `json:"source"`
	Products []Term `json:"products"`
}

var loadProducts = sync.OnceValue(func() productTable {
	var t productTable
	mustParse("products.json", productsJSON, &t)
	return t
})

// Products returns the core services of the PSN.
func Products() []Term { return slices.Clone(loadProducts().Products) }

// ProductOf returns the product with the given id.
func ProductOf(id string) (Term, bool) {
	i := slices.IndexFunc(loadProducts().Products, func(t Term) bool { return t.ID == id })
	if i < 0 {
		return Term{}, false
	}
	return loadProducts().Products[i], true
}

// Column is a fixed column of the attestation template.
type Column struct {
	Name    string `json:"name"`
	Integer bool   `json:"integer,omitempty"` // whole numbers only
	Unique  bool   `json:"unique,omitempty"`  // identifies the row
}

type attestationTable struct {
	Source string `json:"source"`
	Kinds  []struct {
		ID      string   `json:"id"`
		Columns []Column `json:"columns"`
	} `json:"kinds"`
}

var loadAttestation = sync.OnceValue(func() attestationTable {
	var t attestationTable
	mustParse("attestation.json", attestationJSON, &t)
	return t
})

// AttestationColumns returns the fixed columns of the attestation of a kind of
// machine, "physical" or "vm", in order; nil when there is no such kind.
func AttestationColumns(kind string) []Column {
	for _, k := range loadAttestation().Kinds {
		if k.ID == kind {
			return slices.Clone(k.Columns)
		}
	}
	return nil
}
