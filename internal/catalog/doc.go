// Package catalog holds facts as dated data: the four sites and the distances
// between them, qualification levels by class, service categories, funding calls
// with their terms and matrices, products of the PSN, attestation columns, the member
// states of the European Union.
//
// It only looks things up. It must not judge (that is package policy) and must
// not read anything but the data embedded in it.
package catalog
