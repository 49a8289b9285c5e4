package acceptance_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Every endpoint of every site is https in the catalogue, holds against the
// lab's authority, and does not hold without it.
func TestEndpointsAreVerified(t *testing.T) {
	for _, name := range psn.Sites() {
		c := login(t, name)
		want := []string{"block-storage", "compute", "identity", "image", "network", "placement", "volumev3"}
		var have []string
		for service, url := range c.urls {
			have = append(have, service)
			if !strings.HasPrefix(url, "https://127.0.0.1:") {
				t.Errorf("%s: endpoint of %s is %s", name, service, url)
			}
			if want := c.site.Endpoints[service]; service != "identity" && !strings.HasPrefix(url, want) {
				t.Errorf("%s: endpoint of %s is %s; lab.json says %s", name, service, url, want)
			}
		}
		slices.Sort(have)
		if !slices.Equal(have, want) {
			t.Errorf("%s: catalogue has %v, want %v", name, have, want)
		}
		strange := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.site.Endpoints["compute"], nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := strange.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) {
			t.Errorf("%s: without the lab's authority: %v", name, err)
		}
	}
}

// A page's link to the next leads through TLS like the request did.
func TestLinksStayOnTLS(t *testing.T) {
	c := login(t, psn.Pomezia)
	for service, path := range map[string]string{"compute": "/flavors?limit=1", "network": "/networks?limit=1"} {
		var out map[string]any
		c.call(http.MethodGet, service, path, nil, &out)
		links, _ := out[map[string]string{"compute": "flavors_links", "network": "networks_links"}[service]].([]any)
		if len(links) == 0 {
			t.Errorf("%s%s: no link to the next page in %v", service, path, out)
			continue
		}
		link, _ := links[0].(map[string]any)
		if href, _ := link["href"].(string); !strings.HasPrefix(href, c.site.Endpoints[service]) {
			t.Errorf("%s: next page is %q, outside %s", service, href, c.site.Endpoints[service])
		}
	}
}

func TestSecretsAreTheOwners(t *testing.T) {
	lab := openstacklab.Find(t)
	password, err := lab.Password()
	if err != nil {
		t.Fatal(err)
	}
	if len(password) < 24 {
		t.Errorf("a password of %d characters", len(password))
	}
	info, err := os.Stat(lab.CloudsFile)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", lab.CloudsFile, info.Mode())
	}
	arguments, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(arguments) == 0 {
		t.Fatalf("no processes: %v", err)
	}
	for _, file := range arguments {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), password) {
			t.Errorf("%s holds the administrator's password", file)
		}
	}
}
