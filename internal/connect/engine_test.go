package connect_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Every way in which the engine is not there is told apart, with what to do.
func TestEngineThatIsNotThere(t *testing.T) {
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.EnableHTTP2 = true // as an engine does
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0)
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	picky := httptest.NewUnstartedServer(http.NotFoundHandler())
	picky.EnableHTTP2 = true
	picky.Config.ErrorLog = log.New(io.Discard, "", 0)
	picky.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	picky.StartTLS()
	t.Cleanup(picky.Close)
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: picky.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(stranger.URL, "https://")
	stopped := t.TempDir()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "endpoint"), []byte(address+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		conf connect.EngineConfig
		code psn.Code
		want string
	}{
		"nothing configured":  {connect.EngineConfig{}, psn.InvalidInput, "set engine.dir"},
		"never started":       {connect.EngineConfig{Dir: stopped}, psn.Unavailable, "start it with psn-engine --data " + stopped},
		"keys missing":        {connect.EngineConfig{Dir: broken}, psn.InvalidInput, "ca.pem"},
		"not an address":      {connect.EngineConfig{Address: "nowhere"}, psn.InvalidInput, "use host:port"},
		"cluster is down":     {connect.EngineConfig{Address: "127.0.0.1:1"}, psn.Unavailable, "check engine.address"},
		"cluster is a fraud":  {connect.EngineConfig{Address: address}, psn.Untrusted, "does not prove its identity"},
		"certificate wanted":  {connect.EngineConfig{Address: strings.TrimPrefix(picky.URL, "https://"), CAFile: trusted}, psn.Unauthenticated, "refuses the client certificate"},
		"certificate missing": {connect.EngineConfig{Address: address, CertFile: filepath.Join(stopped, "c.pem"), KeyFile: filepath.Join(stopped, "k.pem")}, psn.InvalidInput, "client certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := connect.Open(&connect.Config{Engine: tc.conf}).Engine(ctx)
			if !psn.Is(err, tc.code) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v (code %s), want %s with %q", err, psn.CodeOf(err), tc.code, tc.want)
			}
		})
	}
}
