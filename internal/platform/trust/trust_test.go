package trust_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"encoding/pem"

	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const otherPin = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	get := func(caFile, pin string) error {
		cfg, err := trust.TLS(caFile, pin)
		if err != nil {
			t.Fatal(err)
		}
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}}
		res, err := c.Get(s.URL)
		if err != nil {
			return trust.Untrusted(err)
		}
		return res.Body.Close()
	}
	if err := get(authority, ""); err != nil {
		t.Errorf("by its authority: %v", err)
	}
	refused := get("", "")
	if !psn.Is(refused, psn.Untrusted) {
		t.Fatalf("by the system's roots: %v", refused)
	}
	// What the refusal says the server showed is what a pin is made of.
	_, rest, _ := strings.Cut(refused.Error(), "SHA-256 ")
	shown, _, _ := strings.Cut(rest, ")")
	for _, pin := range []string{shown, strings.ToLower(shown), strings.ReplaceAll(shown, ":", "")} {
		if err := get("", pin); err != nil {
			t.Errorf("by pin %s: %v", pin, err)
		}
	}
	if err := get("", otherPin); !psn.Is(err, psn.Untrusted) || !strings.Contains(err.Error(), shown) {
		t.Errorf("by another pin: %v; it should say that %s was shown", err, shown)
	}
}

func TestMistakes(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ caFile, pin string }{
		"pin too short": {"", "AA:BB"},
		"no pin":        {"", strings.Repeat("Z", 64)},
		"no file":       {empty + "x", ""},
		"no authority":  {empty, ""},
	} {
		if _, err := trust.TLS(c.caFile, c.pin); !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
