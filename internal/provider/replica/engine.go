package replica

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Engine is what the resource needs of the durable engine.
type Engine interface {
	// Start registers the replica; one registered already is success.
	Start(context.Context, migration.Spec) error
	// Status fails with psn.NotFound when the engine knows no such replica.
	Status(context.Context, psn.VMID) (migration.Status, error)
	Approve(context.Context, psn.VMID, migration.Approval) error
	Finalize(context.Context, psn.VMID, migration.Approval) error
	Rollback(context.Context, psn.VMID, migration.Approval) error
	Cancel(context.Context, psn.VMID) error
}

// OpenEngine reaches the engine of a configured provider.
type OpenEngine func(context.Context, *providerdata.Data) (Engine, error)
