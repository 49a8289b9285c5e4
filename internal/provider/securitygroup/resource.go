// Package securitygroup is psn_security_group: what traffic cards of a tenant
// let through at one site. It must not know a hypervisor.
package securitygroup

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
)

var _ located.Object[model] = group{}

type group struct{}

// New returns the resource.
func New() resource.Resource { return located.New(group{}) }

// Kind implements located.Object.
func (group) Kind() string { return "security group" }

// Shared implements located.Object.
func (group) Shared() bool { return false }

// Create implements located.Object.
func (group) Create(ctx context.Context, at *platform.Site, m *model) error {
	spec, err := m.expand()
	if err != nil {
		return err
	}
	made, err := at.CreateSecurityGroup(ctx, spec)
	if err != nil {
		return err
	}
	m.Ref = types.StringValue(made.Ref)
	return nil
}

// Read implements located.Object.
func (group) Read(ctx context.Context, at *platform.Site, m *model) error {
	g, err := at.FindSecurityGroup(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	m.flatten(*g)
	return nil
}

// Update implements located.Object.
func (group) Update(ctx context.Context, at *platform.Site, m *model, _ model) error {
	spec, err := m.expand()
	if err != nil {
		return err
	}
	g, err := at.FindSecurityGroup(ctx, spec.Tenant, spec.Name, m.Ref.ValueString())
	if err != nil {
		return err
	}
	g, err = at.UpdateSecurityGroup(ctx, g.Ref, spec)
	if err != nil {
		return err
	}
	m.Ref = types.StringValue(g.Ref)
	return nil
}

// Delete implements located.Object.
func (group) Delete(ctx context.Context, at *platform.Site, m model) error {
	g, err := at.FindSecurityGroup(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	return at.DeleteSecurityGroup(ctx, g.Ref)
}
