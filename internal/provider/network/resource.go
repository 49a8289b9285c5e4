// Package network is psn_network: a network of a tenant at one site on one
// platform. It must not know a hypervisor.
package network

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
)

var _ located.Object[model] = network{}

type network struct{}

// New returns the resource.
func New() resource.Resource { return located.New(network{}) }

// Kind implements located.Object.
func (network) Kind() string { return "network" }

// Shared implements located.Object.
func (network) Shared() bool { return false }

// Create implements located.Object.
func (network) Create(ctx context.Context, at *platform.Site, m *model) error {
	spec := m.expand()
	made, err := at.CreateNetwork(ctx, spec)
	if err == nil && made.Description != spec.Description { // one that an interrupted create left
		m.Ref = types.StringValue(made.Ref)
		made, err = at.UpdateNetwork(ctx, made.Ref, spec)
	}
	if err != nil {
		return err
	}
	m.settle(*made)
	return nil
}

// Read implements located.Object.
func (network) Read(ctx context.Context, at *platform.Site, m *model) error {
	n, err := at.FindNetwork(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	m.flatten(*n)
	return nil
}

// Update implements located.Object.
func (network) Update(ctx context.Context, at *platform.Site, m *model, _ model) error {
	n, err := at.FindNetwork(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	n, err = at.UpdateNetwork(ctx, n.Ref, m.expand())
	if err != nil {
		return err
	}
	m.settle(*n)
	return nil
}

// Delete implements located.Object.
func (network) Delete(ctx context.Context, at *platform.Site, m model) error {
	n, err := at.FindNetwork(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	return at.DeleteNetwork(ctx, n.Ref)
}

// settle sets what the plan could not know.
func (m *model) settle(n observed) {
	m.Ref = types.StringValue(n.Ref)
	var all model
	all.flatten(n)
	if m.Gateway.IsUnknown() {
		m.Gateway = all.Gateway
	}
}
