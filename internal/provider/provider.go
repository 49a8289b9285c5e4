// Package provider is the Terraform and OpenTofu face of the project: the
// provider itself, with one package per object below it. It holds no rules and
// knows no hypervisor: policy, placement and connect do.
package provider

import (
	"cmp"
	"context"
	"errors"
	"os"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/ephemeral/tenantcredential"
	"github.com/italia/terraform-provider-psn/internal/provider/flavors"
	"github.com/italia/terraform-provider-psn/internal/provider/function/cupvalid"
	"github.com/italia/terraform-provider-psn/internal/provider/function/fiscalcodevalid"
	"github.com/italia/terraform-provider-psn/internal/provider/function/grantamount"
	"github.com/italia/terraform-provider-psn/internal/provider/function/ipacodevalid"
	"github.com/italia/terraform-provider-psn/internal/provider/function/migrationmode"
	"github.com/italia/terraform-provider-psn/internal/provider/function/projectdeadline"
	"github.com/italia/terraform-provider-psn/internal/provider/function/sitesfor"
	"github.com/italia/terraform-provider-psn/internal/provider/fundingcall"
	"github.com/italia/terraform-provider-psn/internal/provider/image"
	"github.com/italia/terraform-provider-psn/internal/provider/images"
	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/provider/network"
	"github.com/italia/terraform-provider-psn/internal/provider/networks"
	"github.com/italia/terraform-provider-psn/internal/provider/placement"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/provider/replica"
	"github.com/italia/terraform-provider-psn/internal/provider/securitygroup"
	"github.com/italia/terraform-provider-psn/internal/provider/service"
	"github.com/italia/terraform-provider-psn/internal/provider/servicecategories"
	"github.com/italia/terraform-provider-psn/internal/provider/sites"
	"github.com/italia/terraform-provider-psn/internal/provider/storageclasses"
	"github.com/italia/terraform-provider-psn/internal/provider/tenant"
	"github.com/italia/terraform-provider-psn/internal/provider/tenantusage"
	"github.com/italia/terraform-provider-psn/internal/provider/virtualmachine"
	"github.com/italia/terraform-provider-psn/internal/provider/volume"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Address is where registries list the provider, without a host name.
const Address = "italia/psn"

// EnvConfig names the variable that points to the configuration file when the
// provider block does not.
const EnvConfig = "PSN_CONFIG"

// Provider is the psn provider. Close it when the server has stopped, so that
// no session stays open at the sites.
type Provider struct {
	version string
	getenv  func(string) string
	engine  replica.OpenEngine

	mu      sync.Mutex
	fleets  []*connect.Fleet
	engines map[*connect.Fleet]dialed
}

// Option changes what New makes.
type Option func(*Provider)

// WithEngine replaces the way psn_replica reaches the migration engine.
func WithEngine(open replica.OpenEngine) Option { return func(p *Provider) { p.engine = open } }

// WithEnv replaces the environment.
func WithEnv(getenv func(string) string) Option { return func(p *Provider) { p.getenv = getenv } }

// New returns the provider; version is what it reports of itself.
func New(version string, opts ...Option) *Provider {
	p := &Provider{version: version, getenv: os.Getenv}
	p.engine = p.dial
	for _, o := range opts {
		o(p)
	}
	return p
}

var (
	_ provider.Provider                       = (*Provider)(nil)
	_ provider.ProviderWithEphemeralResources = (*Provider)(nil)
	_ provider.ProviderWithFunctions          = (*Provider)(nil)
)

// Metadata implements provider.Provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "psn"
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Declares tenants, services and virtual machines of Italian public administrations over the four sites of the " +
			"Polo Strategico Nazionale (PSN), with places decided and rules judged at plan time, and brings existing machines in by block replication.\n\n" +
			"One provider block reaches every site: `site` is an attribute of objects, never an alias of the provider.",
		Attributes: map[string]schema.Attribute{
			"config_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of `psn.yaml`: sites, platforms, sources and engine. Secrets never stand in it, only names of variables or files. " +
					"Default: the variable `PSN_CONFIG`. " +
					"Functions and the data sources of tables (`psn_sites`, `psn_funding_call`, `psn_service_categories`) need none.",
			},
		},
	}
}

// Configure implements provider.Provider. It reads the file and opens no
// connection. Without a file, what needs no site works and the rest says so.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var file types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("config_file"), &file)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := providerdata.New(nil)
	name := cmp.Or(file.ValueString(), p.getenv(EnvConfig))
	switch {
	case file.IsUnknown():
	case name == "":
		data = providerdata.Without(psn.Errorf(psn.InvalidInput,
			"this needs a site, and the provider has no configuration file: set config_file in the provider block, or the variable %s", EnvConfig))
	default:
		fleet, err := p.open(name)
		if err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("config_file"), "read", "the provider's configuration", err))
			return
		}
		data = providerdata.New(fleet)
	}
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data
}

func (p *Provider) open(file string) (*connect.Fleet, error) {
	cfg, err := connect.Load(file, p.getenv)
	if err != nil {
		return nil, err
	}
	fleet := connect.Open(cfg)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fleets = append(p.fleets, fleet)
	return fleet, nil
}

// Close ends the sessions opened at the sites.
func (p *Provider) Close(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.engines {
		e.close()
	}
	p.engines = nil
	var errs []error
	for _, f := range p.fleets {
		errs = append(errs, f.Close(ctx))
	}
	p.fleets = nil
	return errors.Join(errs...)
}

// Resources implements provider.Provider.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		tenant.New,
		service.New,
		placement.New,
		virtualmachine.New,
		network.New,
		securitygroup.New,
		volume.New,
		image.New,
		func() resource.Resource { return replica.New(p.engine) },
	}
}

// DataSources implements provider.Provider.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		inventory.New, sites.New, fundingcall.New, servicecategories.New,
		networks.New, images.New, flavors.New, storageclasses.New, tenantusage.New,
	}
}

// EphemeralResources implements provider.ProviderWithEphemeralResources.
func (p *Provider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{tenantcredential.New}
}

// Functions implements provider.ProviderWithFunctions.
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		migrationmode.New, grantamount.New, projectdeadline.New, sitesfor.New,
		cupvalid.New, ipacodevalid.New, fiscalcodevalid.New,
	}
}
