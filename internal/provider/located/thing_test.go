package located_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// things are objects of one kind that stand in memory.
type things struct {
	mu    sync.Mutex
	stand map[string]int64   // size by "<tenant>/<name>"
	fail  map[string][]error // by method, one error per call
	half  bool               // a failing Create makes the thing all the same
	made  bool               // and tells so by its ref
	anew  bool               // which is not that of the one that stood
	calls []string
}

type thing struct {
	located.Base
	Size types.Int64  `tfsdk:"size"`
	Seen types.String `tfsdk:"seen"`
}

func (s *things) called(method string) error {
	s.calls = append(s.calls, method)
	if errs := s.fail[method]; len(errs) > 0 {
		s.fail[method] = errs[1:]
		return errs[0]
	}
	return nil
}

func (s *things) next(method string, err error) func() {
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fail[method] = append(s.fail[method], err)
	}
}

func (s *things) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for n := range s.stand {
		names = append(names, n)
	}
	return strings.Join(names, " ")
}

func (*things) Kind() string                    { return "test thing" }
func (*things) Shared() bool                    { return false }
func (*things) Validate(thing) diag.Diagnostics { return nil }
func (s *things) name(m *thing) string          { return string(m.Tenant()) + "/" + m.Name.ValueString() }
func (s *things) observe(m *thing, size int64) {
	m.Ref, m.Size, m.Seen = types.StringValue("ref-"+m.Name.ValueString()), types.Int64Value(size), types.StringValue("yes")
}

func (*things) Schema() schema.Schema {
	return schema.Schema{Attributes: map[string]schema.Attribute{
		"size": schema.Int64Attribute{Required: true},
		"seen": schema.StringAttribute{Computed: true},
	}}
}

// Plan lets a thing grow; one that shrinks is another one.
func (*things) Plan(_ thing, plan, prior *thing) ([]path.Path, diag.Diagnostics) {
	if prior != nil && plan.Size.ValueInt64() < prior.Size.ValueInt64() {
		return []path.Path{path.Root("size")}, nil
	}
	return nil, nil
}

func (s *things) Create(_ context.Context, _ *platform.Site, m *thing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.called("Create")
	if err != nil && !s.half {
		return err
	}
	s.stand[s.name(m)] = m.Size.ValueInt64()
	if err != nil {
		if s.made {
			m.Ref = types.StringValue(map[bool]string{true: "new-", false: "ref-"}[s.anew] + m.Name.ValueString())
		}
		return err
	}
	s.observe(m, m.Size.ValueInt64())
	return nil
}

func (s *things) Read(_ context.Context, _ *platform.Site, m *thing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called("Read"); err != nil {
		return err
	}
	size, ok := s.stand[s.name(m)]
	if !ok {
		return psn.Errorf(psn.NotFound, "no thing")
	}
	s.observe(m, size)
	return nil
}

func (s *things) Update(_ context.Context, _ *platform.Site, m *thing, _ thing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called("Update"); err != nil {
		return err
	}
	s.stand[s.name(m)] = m.Size.ValueInt64()
	s.observe(m, m.Size.ValueInt64())
	return nil
}

func (s *things) Delete(_ context.Context, _ *platform.Site, m thing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called("Delete"); err != nil {
		return err
	}
	delete(s.stand, s.name(&m))
	return nil
}

// server is a provider of things alone, with one site that nobody asks.
type server struct {
	provider.Provider
	things *things
	fleet  *connect.Fleet
}

func (server) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "psn"
}
func (server) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (p server) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.ResourceData = providerdata.New(p.fleet)
}
func (server) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (p server) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return located.New(p.things) }}
}

func serve(t *testing.T) (*things, map[string]func() (tfprotov6.ProviderServer, error)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "psn.yaml")
	const config = `version: 1
sites:
  acilia:
    vsphere: {endpoint: "https://127.0.0.1:1", username: psn, password_env: NONE, thumbprint_sha256: "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"}
`
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := connect.Load(file, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	s := &things{stand: map[string]int64{}, fail: map[string][]error{}}
	return s, map[string]func() (tfprotov6.ProviderServer, error){
		"psn": func() (tfprotov6.ProviderServer, error) {
			return providerserver.NewProtocol6WithError(server{things: s, fleet: connect.Open(cfg)})()
		},
	}
}
