package connect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const goodOpenStack = `version: 1
sites:
  acilia:
    vsphere: {endpoint: "https://vcenter.acilia.example", username: psn, password_env: P, ca_file: ca.pem}
    openstack:
      auth_url: https://keystone.acilia.example:5000
      region: acilia
      username: psn
      project: psn
      password_env: ACILIA_OPENSTACK
      ca_file: ca.pem
      create_flavors: true
      host_failures: 0
      worker: {vm: worker}
  rozzano:
    openstack: {clouds_file: clouds.yaml, cloud: rozzano, uplink: public}
sources:
  brescia:
    openstack:
      auth_url: https://cloud.brescia.example/identity/v3
      application_credential_id: abc
      application_credential_secret_file: pw
      thumbprint_sha256: ` + pin + "\n"

const goodClouds = `clouds:
  rozzano:
    region_name: rozzano
    interface: publicURL
    identity_api_version: 3
    cacert: ca.pem
    auth:
      auth_url: https://keystone.rozzano.example/v3
      username: operator
      password: "t0p-secret"
      project_id: 1234
      user_domain_name: psn
      project_domain_id: default
  other: {auth: {}}
`

// writeClouds is write with a clouds.yaml.
func writeClouds(t *testing.T, text, clouds string) string {
	t.Helper()
	path := write(t, text)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "clouds.yaml"), []byte(clouds), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadOpenStack(t *testing.T) {
	path := writeClouds(t, goodOpenStack, goodClouds)
	dir := filepath.Dir(path)
	cfg, err := connect.Load(path, env())
	if err != nil {
		t.Fatal(err)
	}
	zero := int64(0)
	shown := cmpopts.IgnoreUnexported(connect.OpenStackConfig{})
	if d := cmp.Diff(&connect.OpenStackConfig{
		AuthURL: "https://keystone.acilia.example:5000/v3", Region: "acilia", Username: "psn", Project: "psn",
		PasswordEnv: "ACILIA_OPENSTACK", CAFile: filepath.Join(dir, "ca.pem"), CreateFlavors: true, HostFailures: &zero,
		Worker: &connect.WorkerConfig{VM: "worker", Devices: "/dev/disk/by-id"},
	}, cfg.Sites[psn.Acilia].OpenStack, shown); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&connect.OpenStackConfig{
		CloudsFile: filepath.Join(dir, "clouds.yaml"), Cloud: "rozzano", AuthURL: "https://keystone.rozzano.example/v3", Region: "rozzano",
		Username: "operator", UserDomain: "psn", CAFile: filepath.Join(dir, "ca.pem"), Uplink: "public",
	}, cfg.Sites[psn.Rozzano].OpenStack, shown); d != "" {
		t.Error(d)
	}
	b, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"t0p-secret", "top secret"} {
		if strings.Contains(string(b), s) || strings.Contains(fmt.Sprintf("%+v", cfg), s) || strings.Contains(fmt.Sprintf("%+v", *cfg.Sites[psn.Rozzano].OpenStack), s) {
			t.Errorf("configuration shows the secret %q", s)
		}
	}
	fleet := connect.Open(cfg)
	for _, p := range psn.Platforms() {
		if _, err := fleet.Site(psn.Acilia, p); err != nil {
			t.Errorf("a site with both platforms: %v", err)
		}
	}
	if d := cmp.Diff([]psn.Site{psn.Acilia, psn.Rozzano}, fleet.SiteNames()); d != "" {
		t.Error(d)
	}
	if w, err := fleet.WorkerOn(psn.Acilia, psn.OpenStack); err != nil || w.VM != "worker" {
		t.Errorf("worker: %+v, %v", w, err)
	}
	if _, err := fleet.WorkerOn(psn.Acilia, psn.VSphere); !psn.Is(err, psn.NotFound) {
		t.Errorf("no worker on that platform: %v", err)
	}
	if w, err := fleet.WorkerAt(psn.Acilia); err != nil || w.VM != "worker" {
		t.Errorf("worker of the site: %+v, %v", w, err)
	}
	if _, err := fleet.WorkerAt(psn.Rozzano); !psn.Is(err, psn.NotFound) || !strings.Contains(err.Error(), "sites.rozzano.openstack.worker") {
		t.Errorf("no worker: %v", err)
	}
}

func TestLoadRefusesOpenStack(t *testing.T) {
	swap := func(in, old, with string) string {
		if !strings.Contains(in, old) {
			t.Fatalf("test is wrong: %q is not there", old)
		}
		return strings.Replace(in, old, with, 1)
	}
	ours := func(old, with string) [2]string { return [2]string{swap(goodOpenStack, old, with), goodClouds} }
	clouds := func(old, with string) [2]string { return [2]string{goodOpenStack, swap(goodClouds, old, with)} }
	for name, c := range map[string]struct {
		files [2]string
		want  string
	}{
		"plain http":         {ours("https://keystone.acilia", "http://keystone.acilia"), "line 6: sites.acilia.openstack.auth_url: http://keystone.acilia.example:5000 is not encrypted"},
		"password in URL":    {ours("https://keystone.acilia", "https://u:p4ss@keystone.acilia"), `auth_url "https://…@keystone.acilia.example:5000" is not valid`},
		"no password":        {ours("      password_env: ACILIA_OPENSTACK\n", ""), "sites.acilia.openstack: has 0 passwords"},
		"two passwords":      {ours("password_env: ACILIA_OPENSTACK", "password_env: A\n      password_file: pw"), "has 2 passwords"},
		"no project":         {ours("      project: psn\n", ""), "sites.acilia.openstack.project: is missing"},
		"no user":            {ours("      username: psn\n", ""), "sites.acilia.openstack.username: is missing"},
		"unknown key":        {ours("region: acilia", "regione: acilia"), `unknown key "regione" in sites.acilia.openstack: use one of application_credential_id`},
		"credential twice":   {ours("application_credential_id: abc", "application_credential_id: abc\n      username: u"), "an application credential and a user with a password are both set"},
		"no secret":          {ours("      application_credential_secret_file: pw\n", ""), "sources.brescia.openstack: has 0 secrets"},
		"open secret":        {ours("secret_file: pw", "secret_file: open"), "open to every user"},
		"secret without id":  {ours("      application_credential_id: abc\n", "      username: u\n      project: p\n      password_env: P\n"), "no application_credential_id"},
		"pin and CA":         {ours("create_flavors: true", "thumbprint_sha256: "+pin), "ca_file and thumbprint_sha256 are both set"},
		"bad pin":            {ours(pin, "00:11"), `thumbprint_sha256 "00:11" is not valid`},
		"failures":           {ours("host_failures: 0", "host_failures: 65"), "host_failures: is 65"},
		"worker of a source": {ours("application_credential_id: abc", "application_credential_id: abc\n      worker: {vm: w}"), "a source has no worker"},
		"half a reference":   {ours(", cloud: rozzano", ""), "clouds_file and cloud belong together"},
		"no such cloud":      {ours("cloud: rozzano", "cloud: milano"), `has no cloud "milano": it has ["other" "rozzano"]`},
		"no such file":       {ours("clouds.yaml", "nix.yaml"), "sites.rozzano.openstack.clouds_file: open "},
		"differs":            {ours("uplink: public", "region: lodi"), `sites.rozzano.openstack.region: is "lodi", and entry "rozzano" of`},
		"verify off":         {clouds("cacert: ca.pem", "verify: false"), "turns the verification of certificates off"},
		"insecure":           {clouds("cacert: ca.pem", "insecure: true"), "turns the verification of certificates off"},
		"authority":          {clouds("cacert: ca.pem", "cacert: bad.pem"), "holds no PEM certificate"},
		"token":              {clouds("username: operator", "token: abc"), "logs in otherwise"},
		"kind of login":      {clouds("interface: publicURL", "auth_type: v3oidcpassword"), "logs in otherwise"},
		"system":             {clouds("project_id: 1234", "system_scope: all"), "token of the whole system"},
		"profile":            {clouds("interface: publicURL", "profile: vexxhost"), "vendor's profile"},
		"clouds not YAML":    {clouds("clouds:", "\tx"), "is no clouds.yaml"},
		"secret of a type":   {clouds(`password: "t0p-secret"`, "password: [t0p-secret]"), "is no clouds.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connect.Load(writeClouds(t, c.files[0], c.files[1]), env())
			if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "p4ss") || strings.Contains(err.Error(), "t0p")) {
				t.Errorf("the password is shown: %v", err)
			}
		})
	}
	path := writeClouds(t, goodOpenStack, goodClouds)
	if err := os.Chmod(filepath.Join(filepath.Dir(path), "clouds.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := connect.Load(path, env()); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "open to every user") {
		t.Errorf("clouds.yaml that all may read: %v", err)
	}
}

// TestSecretOfACloudIsReadWhenNeeded: a password changed in clouds.yaml is used
// at the next login, and never asked for when the site is not.
func TestSecretOfACloudIsReadWhenNeeded(t *testing.T) {
	asked := make(chan string, 9)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Auth struct {
				Identity struct {
					Password struct {
						User struct {
							Password string `json:"password"`
						} `json:"user"`
					} `json:"password"`
				} `json:"identity"`
			} `json:"auth"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		asked <- body.Auth.Identity.Password.User.Password
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer srv.Close()
	clouds := strings.Replace(goodClouds, "https://keystone.rozzano.example", srv.URL, 1)
	path := writeClouds(t, "version: 1\nsites:\n  rozzano:\n    openstack: {clouds_file: clouds.yaml, cloud: rozzano}\n", clouds)
	cfg, err := connect.Load(path, env())
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(clouds, "t0p-secret", "n3w-secret", 1)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "clouds.yaml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	inv := connect.Open(cfg).Inventory(t.Context()).Sites[0]
	if got := <-asked; got != "n3w-secret" {
		t.Errorf("asked with %q", got)
	}
	if inv.Platform != psn.OpenStack || inv.Code != psn.Unauthenticated || !strings.Contains(inv.Error, `site rozzano (openstack)`) || strings.Contains(inv.Error, "secret\"") || strings.Contains(inv.Error, "n3w") {
		t.Errorf("%s: %s", inv.Code, inv.Error)
	}
}

func FuzzClouds(f *testing.F) {
	f.Add([]byte(goodClouds))
	f.Add([]byte("clouds: {rozzano: {auth: null, verify: no}}"))
	f.Add([]byte("clouds: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := writeClouds(t, "version: 1\nsites: {rozzano: {openstack: {clouds_file: clouds.yaml, cloud: rozzano, project: p}}}\n", string(b))
		cfg, err := connect.Load(path, env())
		if (cfg == nil) == (err == nil) || (err != nil && !psn.Is(err, psn.InvalidInput)) {
			t.Errorf("cfg %v, err %v", cfg, err)
		}
		if cfg != nil && !strings.HasPrefix(cfg.Sites[psn.Rozzano].OpenStack.AuthURL, "http") {
			t.Errorf("accepted without an address: %+v", cfg.Sites[psn.Rozzano].OpenStack)
		}
	})
}
