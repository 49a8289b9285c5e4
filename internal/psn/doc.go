// Package psn is the vocabulary of the project: sites, regions, platforms,
// classifications, identifiers, quantities, inventory and errors.
//
// It owns the meaning of the words and the checks that need nothing but the
// word itself (the shape of an IPA code, the check digit of a fiscal code).
// It imports nothing else of this project and must not know Terraform, any
// hypervisor, any policy, nor how bytes move.
package psn
