package connect_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const good = `version: 1
sites:
  acilia:
    vsphere:
      endpoint: https://vcenter.acilia.example
      username: psn
      password_env: ACILIA_PASSWORD
      ca_file: ca.pem
      datacenter: DC
      worker: {vm: worker}
      vcpu_per_core: 8
      host_failures: 0
sources:
  brescia:
    vsphere:
      endpoint: https://10.0.0.1:8443/sdk
      username: reader
      password_file: pw
      thumbprint_sha256: ` + pin + `
engine: {address: "engine:7233"}
`

const pin = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"ca.pem": certificate(t), "bad.pem": "x", "empty": "", "blank": "\n", "pw": "top secret\n", "open": "top secret\n", "psn.yaml": text,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "psn.yaml")
}

func env(kv ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return func(k string) string { return m[k] }
}

func TestLoad(t *testing.T) {
	path := write(t, good)
	dir := filepath.Dir(path)
	cfg, err := connect.Load(path, env("PSN_STATE_DIR", "/var/lib/psn", "ACILIA_PASSWORD", "hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	zero := int64(0)
	want := map[psn.Site]connect.SiteConfig{psn.Acilia: {VSphere: &connect.VSphereConfig{
		Endpoint: "https://vcenter.acilia.example/sdk", Username: "psn", PasswordEnv: "ACILIA_PASSWORD",
		CAFile: filepath.Join(dir, "ca.pem"), Datacenter: "DC",
		Worker:      &connect.WorkerConfig{VM: "worker", Devices: "/dev/disk/by-id"},
		VCPUPerCore: 8, HostFailures: &zero,
	}}}
	if d := cmp.Diff(want, cfg.Sites); d != "" {
		t.Error(d)
	}
	if cfg.StateDir != "/var/lib/psn" || cfg.Engine.Namespace != "psn" || cfg.Sources["brescia"].VSphere.PasswordFile != filepath.Join(dir, "pw") {
		t.Errorf("state %q, namespace %q, sources %+v", cfg.StateDir, cfg.Engine.Namespace, cfg.Sources["brescia"].VSphere)
	}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"hunter2", "top secret"} {
		if strings.Contains(string(asJSON), s) || strings.Contains(fmt.Sprintf("%+v", cfg), s) {
			t.Errorf("configuration shows the secret %q", s)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("test is wrong: %q is not in the good file", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":          {replace("username: psn", "user: psn"), `line 6: unknown key "user" in sites.acilia.vsphere: use one of ca_file, datacenter, endpoint, host_failures, password_env,`},
		"unknown key at top":   {replace("engine: {", "motor: {"), `unknown key "motor": use one of engine, sites, sources, state_dir, version`},
		"password as a key":    {replace("username: psn", "https://u:p4ss@h: psn"), `unknown key "https://…@h"`},
		"value of wrong type":  {replace("vcpu_per_core: 8", "vcpu_per_core: p4ss"), "line 11: cannot unmarshal !!str into int64"},
		"password in engine":   {replace("engine:7233", "u:p4ss@engine:7233"), `engine.address: "…@engine:7233" is not valid`},
		"CA without PEM":       {replace("ca_file: ca.pem", "ca_file: bad.pem"), "line 8: sites.acilia.vsphere.ca_file: "},
		"open secret":          {replace("password_file: pw", "password_file: open"), `sources.brescia.vsphere.password_file: `},
		"empty secret":         {replace("password_file: pw", "password_file: empty"), "is empty: it must hold the password"},
		"engine CA":            {replace(`{address: "engine:7233"}`, `{address: "e:1", ca_file: bad.pem}`), "engine.ca_file: "},
		"unknown site":         {replace("acilia:", "atlantis:"), `line 3: sites.atlantis: unknown site "atlantis": use one of`},
		"both passwords":       {replace("password_env: ACILIA_PASSWORD", "password_env: A\n      password_file: pw"), "line 7: sites.acilia.vsphere.password_env: password_env and password_file are both set"},
		"no password":          {replace("      password_env: ACILIA_PASSWORD\n", ""), "line 4: sites.acilia.vsphere: has neither password_env nor password_file"},
		"pin and CA":           {replace("ca_file: ca.pem", "ca_file: ca.pem\n      thumbprint_sha256: "+pin), "line 8: sites.acilia.vsphere.ca_file: ca_file and thumbprint_sha256 are both set"},
		"bad pin":              {replace(pin, "00:11"), `sources.brescia.vsphere.thumbprint_sha256: thumbprint_sha256 "00:11" is not valid`},
		"http":                 {replace("https://vcenter", "http://vcenter"), `line 5: sites.acilia.vsphere.endpoint: endpoint "http://vcenter.acilia.example" is not valid: use https://`},
		"password in endpoint": {replace("https://vcenter", "https://u:p4ss@vcenter"), `endpoint "https://…@vcenter.acilia.example" is not valid: use https://host[:port]/sdk without user or password`},
		"missing CA":           {replace("ca_file: ca.pem", "ca_file: nix.pem"), "line 8: sites.acilia.vsphere.ca_file: open "},
		"missing secret file":  {replace("password_file: pw", "password_file: nix"), "sources.brescia.vsphere.password_file: stat "},
		"version":              {replace("version: 1", "version: 2"), "line 1: version: is 2: this program reads version 1"},
		"source with worker":   {replace("username: reader", "username: reader\n      worker: {vm: w}"), "a source has no worker"},
		"engine address":       {replace("engine:7233", "engine"), `engine.address: "engine" is not valid: use host:port`},
		"half a key pair":      {replace(`{address: "engine:7233"}`, `{address: "e:1", cert_file: ca.pem}`), "cert_file and key_file belong together"},
		"wrong type":           {replace("vcpu_per_core: 8", "vcpu_per_core: many"), "line 11: cannot unmarshal"},
		"ratio":                {replace("vcpu_per_core: 8", "vcpu_per_core: 65"), "line 11: sites.acilia.vsphere.vcpu_per_core: is 65: use 1 to 64"},
		"no platform":          {replace("engine:", "  x: {}\nengine:"), "sources.x: has no platform"},
		"empty":                {"", "the file is empty"},
		"two documents":        {good + "---\nversion: 1\n", "more than one YAML document"},
		"not YAML":             {"\tx", "found character that cannot start any token"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connect.Load(write(t, c.text), env())
			if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "psn.yaml") {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "p4ss") {
				t.Errorf("the password is shown: %v", err)
			}
		})
	}
	if _, err := connect.Load(filepath.Join(t.TempDir(), "nix.yaml"), env()); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "nix.yaml") {
		t.Errorf("missing file: %v", err)
	}
}

// TestLocalMistakesAreNoOutage: what is wrong on this machine and found when a
// site is used can be told from a site that is down.
func TestLocalMistakesAreNoOutage(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
	text := "version: 1\nsites:\n  acilia: {vsphere: {endpoint: '" + srv.URL + "', username: u, ca_file: ca.pem, %s}}\n"
	for name, c := range map[string]struct{ password, want string }{
		"variable not set":       {"password_env: ACILIA_PASSWORD", "variable ACILIA_PASSWORD is not set"},
		"file with a blank line": {"password_file: blank", "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, fmt.Sprintf(text, c.password))
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), "ca.pem"), []byte(ca), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := connect.Load(path, env())
			if err != nil {
				t.Fatal(err)
			}
			site := connect.Open(cfg).Inventory(t.Context()).Sites[0]
			if site.Code != psn.InvalidInput || !strings.Contains(site.Error, c.want) {
				t.Errorf("%s: %s", site.Code, site.Error)
			}
		})
	}
	path := write(t, good)
	cfg, err := connect.Load(path, env("ACILIA_PASSWORD", "x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "ca.pem"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if site := connect.Open(cfg).Inventory(t.Context()).Sites[0]; site.Code != psn.InvalidInput || !strings.Contains(site.Error, "ca_file") {
		t.Errorf("CA file spoilt after loading: %s: %s", site.Code, site.Error)
	}
	down := strings.Replace(good, "https://vcenter.acilia.example", "https://127.0.0.1:1", 1)
	if cfg, err = connect.Load(write(t, down), env("ACILIA_PASSWORD", "x")); err != nil {
		t.Fatal(err)
	}
	if site := connect.Open(cfg).Inventory(t.Context()).Sites[0]; site.Code != psn.Unavailable {
		t.Errorf("site that is down: %s: %s", site.Code, site.Error)
	}
}

func TestPinWithoutColons(t *testing.T) {
	if _, err := connect.Load(write(t, strings.Replace(good, pin, "'"+strings.ReplaceAll(pin, ":", "")+"'", 1)), env()); err != nil {
		t.Error(err)
	}
}

// certificate is a PEM certificate.
func certificate(t *testing.T) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	defer srv.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("version: 1\nsites: {acilia: {vsphere: null}}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "psn.yaml")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := connect.Load(path, env())
		if (cfg == nil) == (err == nil) || (err != nil && !psn.Is(err, psn.InvalidInput)) {
			t.Errorf("cfg %v, err %v", cfg, err)
		}
		if cfg != nil {
			connect.Open(cfg).SiteNames()
		}
	})
}
