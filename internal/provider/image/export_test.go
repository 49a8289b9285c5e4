package image

import (
	"context"
	"io"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// Model is the resource's.
type Model = model

// Plan is the resource's.
func Plan(config Model, prior *Model) (Model, []path.Path, diag.Diagnostics) {
	plan := config
	replace, diags := image{}.Plan(config, &plan, prior)
	return plan, replace, diags
}

// Flatten is what m becomes when i is observed.
func Flatten(m Model, i driver.Image) Model {
	m.flatten(i)
	return m
}

// Follow wraps content that is uploaded.
func Follow(ctx context.Context, content io.ReadCloser, size int64) io.ReadCloser {
	return follow(ctx, content, "debian", size)
}

// AsPlanned is the file's hash, when it is the one planned.
var AsPlanned = asPlanned

// Create is the resource's.
func Create(ctx context.Context, at *platform.Site, m *Model) error {
	return image{}.Create(ctx, at, m)
}

// Read is the resource's.
func Read(ctx context.Context, at *platform.Site, m *Model) error {
	return image{}.Read(ctx, at, m)
}
