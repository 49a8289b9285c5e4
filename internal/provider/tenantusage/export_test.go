package tenantusage

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Ask asks all places at once.
func Ask(ctx context.Context, at []*platform.Site, t psn.TenantID) ([][]driver.Usage, []error) {
	return ask(ctx, at, t)
}

// Flatten is what Terraform sees of a place.
var Flatten = flatten
