package openstack

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// thumbprint is the SHA-256 of a certificate as AA:BB:….
func thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// tlsConfig verifies servers by pin, by CA file or by the system's roots.
func tlsConfig(c Config) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case c.PinSHA256 != "":
		if err := CheckPin(c.PinSHA256); err != nil {
			return nil, err
		}
		want := strings.ToUpper(strings.ReplaceAll(c.PinSHA256, ":", ""))
		// The chain is not verified because the pin names the very certificate:
		// VerifyConnection runs on every handshake, resumed ones included.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = func(cs tls.ConnectionState) error {
			if len(cs.PeerCertificates) == 0 {
				return psn.Errorf(psn.Untrusted, "server showed no certificate")
			}
			if got := thumbprint(cs.PeerCertificates[0]); strings.ReplaceAll(got, ":", "") != want {
				return psn.Errorf(psn.Untrusted,
					"server certificate does not match the pin: configured %s, server shows %s; if the certificate was renewed on purpose, check the new fingerprint on the server itself and set thumbprint_sha256 to it", c.PinSHA256, got)
			}
			return nil
		}
	case c.CAFile != "":
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, psn.Errorf(psn.InvalidInput, "ca_file: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, psn.Errorf(psn.InvalidInput, "ca_file %q holds no PEM certificate", c.CAFile)
		}
		cfg.RootCAs = pool
	}
	return cfg, nil
}

// untrusted recognises a failed certificate verification and says what the
// server showed. It returns nil for other errors.
func untrusted(err error) error {
	if psn.Is(err, psn.Untrusted) {
		return err
	}
	var verr *tls.CertificateVerificationError
	if !errors.As(err, &verr) {
		return nil
	}
	shown := "no certificate"
	if len(verr.UnverifiedCertificates) > 0 {
		shown = thumbprint(verr.UnverifiedCertificates[0])
	}
	return psn.Errorf(psn.Untrusted,
		"server certificate (SHA-256 %s) is not trusted: %w; set ca_file to the authority that signed it, or thumbprint_sha256 after checking the fingerprint on the server itself", shown, verr.Err)
}
