package tenantcredential_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/ephemeral/tenantcredential"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const secret = "correct-horse-battery-staple"

// keeper is a site that makes credentials.
type keeper struct {
	driver.Site
	mu      sync.Mutex
	stand   map[string]string // roles and end, by ref
	refuse  error
	deletes int
}

func (k *keeper) CreateCredential(_ context.Context, t psn.TenantID, name string, roles []string, expires time.Time) (*driver.Credential, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuse != nil {
		return nil, k.refuse
	}
	ref := "ref-" + name
	k.stand[ref] = string(t) + " " + strings.Join(roles, "+") + " " + expires.UTC().Format(time.RFC3339)
	return &driver.Credential{Ref: ref, Name: name, Secret: secret, Expires: expires, AuthURL: "https://keystone.example/v3", Region: "acilia", Project: "4711"}, nil
}

func (k *keeper) DeleteCredential(_ context.Context, _ psn.TenantID, ref string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.deletes++
	delete(k.stand, ref)
	return nil
}

func (k *keeper) all() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Values(k.stand))
}

// server is a provider of nothing but the credential.
type server struct{ at *platform.Site }

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (server) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "psn"
}
func (server) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}
func (server) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (server) DataSources(context.Context) []func() datasource.DataSource                        { return nil }
func (server) Resources(context.Context) []func() resource.Resource                              { return nil }
func (s server) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return tenantcredential.NewAt(s.at, now) }}
}

const typeName = "psn_tenant_credential"

func serve(t *testing.T, k *keeper) (tfprotov6.ProviderServer, tftypes.Object) {
	t.Helper()
	at := platform.New(psn.Acilia, psn.OpenStack, "site acilia (openstack)", func(context.Context) (driver.Site, error) { return k, nil })
	srv := providerserver.NewProtocol6(server{at})()
	resp, err := srv.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	shape, ok := resp.EphemeralResourceSchemas[typeName].ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("the schema is no object")
	}
	return srv, shape
}

func configuration(t *testing.T, shape tftypes.Object, given map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	values := map[string]tftypes.Value{}
	for name, typ := range shape.AttributeTypes {
		values[name] = tftypes.NewValue(typ, nil)
	}
	maps.Copy(values, given)
	dv, err := tfprotov6.NewDynamicValue(shape, tftypes.NewValue(shape, values))
	if err != nil {
		t.Fatal(err)
	}
	return &dv
}

func asked() map[string]tftypes.Value {
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	return map[string]tftypes.Value{
		"tenant_id": text("p_bs"), "site": text("acilia"), "lifetime": text("30m"),
		"roles": tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, []tftypes.Value{text("member"), text("reader")}),
	}
}

// TestOpenAndClose: the secret is in the result alone, which Terraform keeps
// nowhere; what is kept between the calls and what is logged do not hold it.
func TestOpenAndClose(t *testing.T) {
	k := &keeper{stand: map[string]string{}}
	srv, shape := serve(t, k)
	var log bytes.Buffer
	ctx := tflogtest.RootLogger(t.Context(), &log)
	resp, err := srv.OpenEphemeralResource(ctx, &tfprotov6.OpenEphemeralResourceRequest{TypeName: typeName, Config: configuration(t, shape, asked())})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp)
	}
	if got, want := k.all(), []string{"p_bs member+reader 2026-03-01T12:30:00Z"}; !slices.Equal(got, want) {
		t.Errorf("made %q, want %q", got, want)
	}
	result, err := resp.Result.Unmarshal(shape)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]tftypes.Value
	if err := result.As(&values); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"secret": secret, "platform": "openstack", "expires": "2026-03-01T12:30:00Z",
		"auth_url": "https://keystone.example/v3", "region": "acilia", "project": "4711",
	} {
		var got string
		if err := values[name].As(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %q; %v", name, got, want, err)
		}
	}
	var kept map[string][]byte
	if err := json.Unmarshal(resp.Private, &kept); err != nil {
		t.Fatal(err)
	}
	if all := slices.Concat(slices.Collect(maps.Values(kept))...); !bytes.Contains(all, []byte("p_bs")) || bytes.Contains(all, []byte(secret)) {
		t.Errorf("kept for the close: %s", all)
	}
	end, err := srv.CloseEphemeralResource(ctx, &tfprotov6.CloseEphemeralResourceRequest{TypeName: typeName, Private: resp.Private})
	if err != nil || len(end.Diagnostics) > 0 || len(k.all()) > 0 || k.deletes != 1 {
		t.Errorf("after the close %q stand, %d deletes, %v %v", k.all(), k.deletes, err, end.Diagnostics)
	}
	if strings.Contains(log.String(), secret) {
		t.Error("the secret is in the log")
	}
}

func TestTwoAtATimeAreTwo(t *testing.T) {
	k := &keeper{stand: map[string]string{}}
	srv, shape := serve(t, k)
	for range 2 {
		if _, err := srv.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: typeName, Config: configuration(t, shape, asked())}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(k.all()); n != 2 {
		t.Errorf("%d credentials, want 2", n)
	}
}

func TestRefusals(t *testing.T) {
	k := &keeper{stand: map[string]string{}, refuse: psn.Errorf(psn.NotFound, "tenant p_bs is not at this site")}
	srv, shape := serve(t, k)
	resp, err := srv.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: typeName, Config: configuration(t, shape, asked())})
	if err != nil || len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Summary, `credential of tenant "p_bs" at site acilia (openstack)`) {
		t.Errorf("%v %+v", err, resp)
	}
	for name, c := range map[string]struct{ attribute, value, want string }{
		"platform": {"platform", "vsphere", `platform "openstack" has`},
		"lifetime": {"lifetime", "2d", "1m0s to 24h0m0s"},
	} {
		given := asked()
		given[c.attribute] = tftypes.NewValue(tftypes.String, c.value)
		resp, err := srv.ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: typeName, Config: configuration(t, shape, given)})
		if err != nil || len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Detail, c.want) {
			t.Errorf("%s: %v %+v, want %q", name, err, resp.Diagnostics, c.want)
		}
	}
}

func TestLifetime(t *testing.T) {
	for v, ok := range map[string]bool{"1m": true, "24h": true, "59s": false, "25h": false, "-1h": false, "x": false, "": false} {
		if _, err := tenantcredential.Lifetime(v); (err == nil) != ok {
			t.Errorf("%q: %v", v, err)
		}
	}
}
