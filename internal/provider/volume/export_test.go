package volume

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// Model is the resource's.
type Model = model

// Plan is the resource's, of a volume that is there.
func Plan(config Model, prior Model) (Model, []path.Path, diag.Diagnostics) {
	plan := config
	if plan.StorageClass.IsNull() {
		plan.StorageClass = types.StringUnknown()
	}
	if plan.Zone.IsNull() {
		plan.Zone = types.StringUnknown()
	}
	replace, diags := volume{}.Plan(config, &plan, &prior)
	return plan, replace, diags
}

// Validate is the resource's.
func Validate(m Model) diag.Diagnostics { return volume{}.Validate(m) }

// Flatten is what m becomes when v is observed.
func Flatten(m Model, v driver.Volume, holder string) Model {
	m.flatten(v, holder)
	return m
}

// Create is the resource's.
func Create(ctx context.Context, at *platform.Site, m *Model) error {
	return volume{}.Create(ctx, at, m)
}

// Read is the resource's.
func Read(ctx context.Context, at *platform.Site, m *Model) error {
	return volume{}.Read(ctx, at, m)
}
