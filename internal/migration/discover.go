package migration

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Discover is the preflight of a source alone: it finds the machine and refuses
// what cannot be replicated. It changes nothing.
func Discover(ctx context.Context, src driver.Site, ref SourceRef) (Machine, error) {
	s := Spec{Source: ref}
	vm, err := findSource(ctx, src, ref)
	if err != nil {
		return Machine{}, psn.At(whereSource(s), err)
	}
	m, err := checkSource(ctx, src, s, vm)
	return m, psn.At(whereSource(s), err)
}
