// Package located is what the resources of objects that stand at one site on one
// platform have in common: a natural id known in the plan, identity and import,
// and the order in which state is written around calls to the site. It must not
// know any object nor a hypervisor.
package located

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Object is one kind of objects. M is its model, which embeds Base. Its methods
// read and change M; the site they get is the one M names.
type Object[M any] interface {
	// Kind names the objects for people, for example "security group".
	Kind() string
	// Shared says that an object may be of a whole site instead of a tenant.
	Shared() bool
	// Schema is the schema without what Base holds.
	Schema() schema.Schema
	// Validate judges the configuration alone. What is not known is not judged.
	Validate(config M) diag.Diagnostics
	// Plan completes the plan. prior is nil for an object to be made. It returns
	// the attributes that no update can change. No site is asked.
	Plan(config M, plan *M, prior *M) (replace []path.Path, diags diag.Diagnostics)
	// Create makes the object and sets all that was not known. What it has set
	// when it fails is kept in the state if the object stands.
	Create(ctx context.Context, at *platform.Site, m *M) error
	// Read takes over what is observed; psn.NotFound when there is no such object.
	Read(ctx context.Context, at *platform.Site, m *M) error
	// Update makes the object what m says and sets all that was not known.
	Update(ctx context.Context, at *platform.Site, m *M, prior M) error
	// Delete removes the object. psn.NotFound counts as success.
	Delete(ctx context.Context, at *platform.Site, m M) error
}

// defaultTimeout is for any of the operations.
const defaultTimeout = 20 * time.Minute

type model[M any] interface {
	*M
	base() *Base
}

type located[M any, P model[M]] struct {
	object Object[M]
	data   *providerdata.Data
}

// New returns the resource of a kind of objects.
func New[M any, P model[M]](o Object[M]) resource.Resource { return &located[M, P]{object: o} }

// Metadata implements resource.Resource.
func (r *located[M, P]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + strings.ReplaceAll(r.object.Kind(), " ", "_")
}

// Configure implements resource.ResourceWithConfigure.
func (r *located[M, P]) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = providerdata.From(req.ProviderData, &resp.Diagnostics)
}

// Schema implements resource.Resource.
func (r *located[M, P]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = complete(ctx, r.object.Schema(), r.object.Kind(), r.object.Shared())
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *located[M, P]) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema(r.object.Kind(), r.object.Shared())
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (r *located[M, P]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config M
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.object.Validate(config)...)
	}
}

// Create implements resource.Resource. The id is in the state before anything is
// made, and no longer when nothing was made or what stands is somebody else's.
func (r *located[M, P]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.within(ctx, P(&m).base().Timeouts.Create, &resp.Diagnostics)
	defer cancel()
	k, err := r.settle(&m)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("create", "the "+r.object.Kind(), err))
		return
	}
	at, err := r.data.Site(k.Site, k.Platform)
	if err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("site"), "create", r.describe(k), err))
		return
	}
	resp.Diagnostics.Append(r.set(ctx, &resp.State, resp.Identity, &m, k)...)
	if resp.Diagnostics.HasError() {
		return
	}
	stood, err := r.stood(ctx, at, m)
	if err != nil { // what stands afterwards could not be told from our own
		resp.Diagnostics.Append(diagnose.Unable("create", r.describe(k), err))
		resp.State.RemoveResource(ctx)
		return
	}
	err = r.object.Create(ctx, at, &m)
	ref := P(&m).base().Ref
	took := !stood.IsNull() && (!known(ref) || ref.Equal(stood))
	switch {
	case err != nil:
		resp.Diagnostics.Append(diagnose.Unable("create", r.describe(k), err))
		if took || !r.stands(ctx, at, &m, err, &resp.Diagnostics) {
			resp.State.RemoveResource(ctx)
			return
		}
	case took:
		resp.Diagnostics.AddWarning(fmt.Sprintf("%s%s %q stood already", strings.ToUpper(r.object.Kind()[:1]), r.object.Kind()[1:], k),
			"It is as declared, as an apply leaves it that was cut off before it could write its state, and was taken over.\n\n"+
				"What to do: if another configuration declares it too, take it out of one of the two, or the end of one will be the end of both.")
	}
	resp.Diagnostics.Append(r.set(ctx, &resp.State, resp.Identity, &m, k)...)
}

// Read implements resource.Resource, from the shared listing of the site. While
// the site does not answer, what the state says is kept.
func (r *located[M, P]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m M
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	k, _ := P(&m).base().key()
	imported := P(&m).base().Ref.IsNull()
	at, err := r.data.Site(k.Site, k.Platform)
	if err == nil {
		err = r.object.Read(ctx, at, &m)
	}
	switch {
	case err == nil:
		resp.Diagnostics.Append(r.set(ctx, &resp.State, resp.Identity, &m, k)...)
	case at != nil && psn.Is(err, psn.NotFound):
		resp.State.RemoveResource(ctx)
		// A CLI that keeps no identities (before 1.12) is answered with one even so:
		// the framework takes an answer without for a mistake.
		resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(k))...)
	case imported:
		resp.Diagnostics.Append(diagnose.Unable("read", r.describe(k), err))
	default:
		resp.Diagnostics.Append(diagnose.Warn("refresh", r.describe(k), err))
		resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(k))...)
	}
}

// Update implements resource.Resource.
func (r *located[M, P]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, prior M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.within(ctx, P(&m).base().Timeouts.Update, &resp.Diagnostics)
	defer cancel()
	k, err := r.settle(&m)
	var at *platform.Site
	if err == nil {
		at, err = r.data.Site(k.Site, k.Platform)
	}
	if err == nil {
		err = r.object.Update(ctx, at, &m, prior)
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("update", r.describe(k), err))
		return
	}
	resp.Diagnostics.Append(r.set(ctx, &resp.State, resp.Identity, &m, k)...)
}

// Delete implements resource.Resource.
func (r *located[M, P]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m M
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.within(ctx, P(&m).base().Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	k, _ := P(&m).base().key()
	at, err := r.data.Site(k.Site, k.Platform)
	if err == nil {
		if err = r.object.Delete(ctx, at, m); psn.Is(err, psn.NotFound) {
			return
		}
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("delete", r.describe(k), err))
	}
}

// ImportState implements resource.ResourceWithImportState: by id or identity.
func (r *located[M, P]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	raw := req.ID
	if raw == "" {
		var id identity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		raw = Key{
			psn.TenantID(id.TenantID.ValueString()), psn.Site(id.Site.ValueString()),
			psn.Platform(id.Platform.ValueString()), id.Name.ValueString(),
		}.String()
	}
	k, err := ParseKey(r.object.Kind(), raw)
	if err == nil && k.Tenant == "" && !r.object.Shared() {
		err = psn.Errorf(psn.InvalidInput, "%s id %q names no tenant", r.object.Kind(), raw)
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("import", "the "+r.object.Kind(), err))
		return
	}
	var b Base
	b.setKey(k)
	for name, v := range map[string]any{"id": b.ID, "tenant_id": b.TenantID, "site": b.Site, "platform": b.Platform, "name": b.Name} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), v)...)
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(k))...)
}

func (r *located[M, P]) describe(k Key) string { return fmt.Sprintf("%s %q", r.object.Kind(), k) }

func (r *located[M, P]) within(ctx context.Context, of func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), diags *diag.Diagnostics) (context.Context, context.CancelFunc) {
	timeout, more := of(ctx, defaultTimeout)
	diags.Append(more...)
	return context.WithTimeout(ctx, timeout)
}
