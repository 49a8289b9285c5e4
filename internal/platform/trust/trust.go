// Package trust decides whether the server at the other end is the one meant: by
// SHA-256 pin, by an authority of one's own, or by the system's roots. It must
// not know what is spoken over the connection.
package trust

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// pinRe is 32 bytes in hexadecimal, with colons or without.
var pinRe = regexp.MustCompile(`^(([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{64})$`)

// CheckPin returns an error unless v is a SHA-256 fingerprint, with or without colons.
func CheckPin(v string) error {
	if pinRe.MatchString(v) {
		return nil
	}
	return psn.Errorf(psn.InvalidInput, "thumbprint_sha256 %q is not valid: use 32 hexadecimal bytes, joined by colons or not, as printed by \"openssl x509 -noout -fingerprint -sha256\"", v)
}

// thumbprint is the SHA-256 of a certificate as AA:BB:….
func thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// TLS verifies servers by pin when there is one, else by the authorities in
// caFile, else by the system's roots.
func TLS(caFile, pin string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case pin != "":
		if err := CheckPin(pin); err != nil {
			return nil, err
		}
		want := strings.ToUpper(strings.ReplaceAll(pin, ":", ""))
		// The chain is not verified because the pin names the very certificate:
		// VerifyConnection runs on every handshake, resumed ones included.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = func(cs tls.ConnectionState) error {
			if len(cs.PeerCertificates) == 0 {
				return psn.Errorf(psn.Untrusted, "server showed no certificate")
			}
			if got := thumbprint(cs.PeerCertificates[0]); strings.ReplaceAll(got, ":", "") != want {
				return psn.Errorf(psn.Untrusted,
					"server certificate does not match the pin: configured %s, server shows %s; if the certificate was renewed on purpose, check the new fingerprint on the server itself and set thumbprint_sha256 to it", pin, got)
			}
			return nil
		}
	case caFile != "":
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, psn.Errorf(psn.InvalidInput, "ca_file: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, psn.Errorf(psn.InvalidInput, "ca_file %q holds no PEM certificate", caFile)
		}
		cfg.RootCAs = pool
	}
	return cfg, nil
}

// Untrusted recognises a failed certificate verification and says what the
// server showed. It returns nil for other errors.
func Untrusted(err error) error {
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
