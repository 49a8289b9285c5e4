// Package tenantcredential is the ephemeral psn_tenant_credential: a credential
// that acts within one tenant, made when it is needed and ended when it is not
// any more. Its secret is in no state, plan or log. The package must not know a
// hypervisor.
package tenantcredential

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*credential)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*credential)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*credential)(nil)
)

const (
	// defaultLifetime outlives most applies; a credential that is not ended in
	// time ends by itself.
	defaultLifetime = time.Hour
	minLifetime     = time.Minute
	maxLifetime     = 24 * time.Hour
	// opening and ending are bounds for the calls to the site.
	opening = 5 * time.Minute
	ending  = 2 * time.Minute
)

// places is what the resource needs of the provider.
type places interface {
	Site(psn.Site, psn.Platform) (*platform.Site, error)
}

type credential struct {
	places places
	now    func() time.Time
}

type model struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Site     types.String `tfsdk:"site"`
	Platform types.String `tfsdk:"platform"`
	Roles    []string     `tfsdk:"roles"`
	Lifetime types.String `tfsdk:"lifetime"`
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Secret   types.String `tfsdk:"secret"`
	Expires  types.String `tfsdk:"expires"`
	AuthURL  types.String `tfsdk:"auth_url"`
	Region   types.String `tfsdk:"region"`
	Project  types.String `tfsdk:"project"`
}

// opened is what Close needs to know. It holds no secret.
type opened struct {
	Tenant   psn.TenantID `json:"tenant"`
	Site     psn.Site     `json:"site"`
	Platform psn.Platform `json:"platform"`
	Ref      string       `json:"ref"`
}

const privateKey = "credential"

// New returns the ephemeral resource.
func New() ephemeral.EphemeralResource { return &credential{now: time.Now} }

// Metadata implements ephemeral.EphemeralResource.
func (c *credential) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_tenant_credential"
}

// Configure implements ephemeral.EphemeralResourceWithConfigure.
func (c *credential) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	if d := providerdata.From(req.ProviderData, &resp.Diagnostics); d != nil {
		c.places = d
	}
}

// ValidateConfig implements ephemeral.EphemeralResourceWithValidateConfig.
func (c *credential) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var p, life types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("platform"), &p)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("lifetime"), &life)...)
	if p.ValueString() != "" {
		if err := driver.NotionCredential.On(psn.Platform(p.ValueString())); err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("platform"), "open", "the tenant credential", psn.Errorf(psn.InvalidInput, "%w", err)))
		}
	}
	if _, err := lifetime(life); err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("lifetime"), "open", "the tenant credential", err))
	}
}

func lifetime(v types.String) (time.Duration, error) {
	if v.IsNull() || v.IsUnknown() {
		return defaultLifetime, nil
	}
	d, err := time.ParseDuration(v.ValueString())
	if err != nil || d < minLifetime || d > maxLifetime {
		return 0, psn.Errorf(psn.InvalidInput, "lifetime %q is not a duration from %s to %s, for example \"30m\"", v.ValueString(), minLifetime, maxLifetime)
	}
	return d, nil
}

// Open implements ephemeral.EphemeralResource.
func (c *credential) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	if m.Platform.IsNull() {
		m.Platform = types.StringValue(string(psn.OpenStack))
	}
	o := opened{Tenant: psn.TenantID(m.TenantID.ValueString()), Site: psn.Site(m.Site.ValueString()), Platform: psn.Platform(m.Platform.ValueString())}
	made, err := c.make(ctx, o, m)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("open", o.describe(), err))
		return
	}
	o.Ref = made.Ref
	private, err := json.Marshal(o)
	if err == nil {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, privateKey, private)...)
	}
	m.ID, m.Name, m.Secret = types.StringValue(made.Ref), types.StringValue(made.Name), types.StringValue(made.Secret)
	m.Expires = types.StringValue(made.Expires.UTC().Format(time.RFC3339))
	m.AuthURL, m.Region, m.Project = types.StringValue(made.AuthURL), types.StringValue(made.Region), types.StringValue(made.Project)
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
}

func (c *credential) make(ctx context.Context, o opened, m model) (*driver.Credential, error) {
	life, err := lifetime(m.Lifetime)
	if err != nil {
		return nil, err
	}
	at, err := c.at(o)
	if err != nil {
		return nil, err
	}
	return at.CreateCredential(ctx, o.Tenant, name(), m.Roles, c.now().Add(life))
}

func (c *credential) end(ctx context.Context, o opened) error {
	at, err := c.at(o)
	if err != nil {
		return err
	}
	return at.DeleteCredential(ctx, o.Tenant, o.Ref)
}

func (c *credential) at(o opened) (*platform.Site, error) {
	if c.places == nil {
		return nil, psn.Errorf(psn.InvalidInput, "the provider is not configured yet")
	}
	return c.places.Site(o.Site, o.Platform)
}

// name is one that no other credential has: two runs at a time must not end
// each other's.
func name() string { return "psn-" + strings.ToLower(rand.Text()) }

func (o opened) describe() string {
	return fmt.Sprintf("the credential of tenant %q at site %s (%s)", o.Tenant, o.Site, o.Platform)
}

// Close implements ephemeral.EphemeralResourceWithClose: it ends the credential,
// also when the run was cancelled.
func (c *credential) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	private, diags := req.Private.GetKey(ctx, privateKey)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() || private == nil {
		return
	}
	var o opened
	if err := json.Unmarshal(private, &o); err != nil {
		resp.Diagnostics.AddError("Unable to end a tenant credential", "What was noted of it cannot be read: "+err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	if err := c.end(ctx, o); err != nil {
		resp.Diagnostics.Append(diagnose.Unable("end", o.describe(), fmt.Errorf("%w; it ends by itself when its lifetime is over", err)))
	}
}
