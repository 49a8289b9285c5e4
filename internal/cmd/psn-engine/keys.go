package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"go.temporal.io/server/common/rpc/encryption"
)

// serverName is the identity clients check, whatever address they dial.
const serverName = "psn-engine"

// The folder's own certificate authority signs nothing but this engine's
// certificates. It is kept over restarts so that workers reconnect; the
// client's certificate is renewed when less than renewBefore is left.
const (
	caLife      = 10 * 365 * 24 * time.Hour
	leafLife    = 365 * 24 * time.Hour
	renewBefore = 60 * 24 * time.Hour
)

// keys is what the engine's own listeners and clients present and trust.
type keys struct {
	server, client tls.Certificate
	pool           *x509.CertPool
}

// ensureKeys reads or makes the authority and the client's certificate, and
// makes a server certificate for this run only, kept in memory.
func (f *folder) ensureKeys(ip net.IP, now time.Time) (*keys, error) {
	ca, err := f.pair(caFile, caKeyFile, now)
	if err != nil {
		return nil, err
	}
	if ca == nil {
		if ca, err = issue(nil, pkix.Name{CommonName: "psn-engine authority"}, nil, now); err != nil {
			return nil, err
		}
		// The client's old certificate is worthless under a new authority.
		if err := errors.Join(removeAll(f.path(certFile), f.path(keyFile)), f.store(ca, caFile, caKeyFile)); err != nil {
			return nil, err
		}
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca.Leaf)
	client, err := f.pair(certFile, keyFile, now)
	if err != nil {
		return nil, err
	}
	if client == nil || client.Leaf.CheckSignatureFrom(ca.Leaf) != nil {
		if client, err = issue(ca, pkix.Name{CommonName: "psn-client"}, nil, now); err != nil {
			return nil, err
		}
		if err := f.store(client, certFile, keyFile); err != nil {
			return nil, err
		}
	}
	server, err := issue(ca, pkix.Name{CommonName: serverName}, ip, now)
	if err != nil {
		return nil, err
	}
	return &keys{server: *server, client: *client, pool: pool}, nil
}

// pair reads a certificate and its key; nil when one is missing or it is time to renew.
func (f *folder) pair(cert, key string, now time.Time) (*tls.Certificate, error) {
	for _, name := range []string{cert, key} {
		if _, err := os.Stat(f.path(name)); errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
	}
	c, err := tls.LoadX509KeyPair(f.path(cert), f.path(key))
	if err != nil {
		return nil, fmt.Errorf("read %s and %s: %w: remove both to have them made again", cert, key, err)
	}
	if now.Add(renewBefore).After(c.Leaf.NotAfter) {
		return nil, nil
	}
	return &c, nil
}

func (f *folder) store(c *tls.Certificate, cert, key string) error {
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return err
	}
	if err := f.write(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return err
	}
	return f.write(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}))
}

// issue makes a certificate signed by ca, or an authority when ca is nil. An
// ip makes it a server's certificate that is also good as a client's, because
// the server's parts call each other.
func issue(ca *tls.Certificate, subject pkix.Name, ip net.IP, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject,
		NotBefore:             now.Add(-5 * time.Minute), // clocks differ
		NotAfter:              now.Add(leafLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	parent, signer := t, any(key)
	switch {
	case ca == nil:
		t.NotAfter, t.IsCA, t.MaxPathLenZero = now.Add(caLife), true, true
		t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageCertSign, nil
	case ip != nil:
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		t.DNSNames, t.IPAddresses = []string{serverName, "localhost"}, []net.IP{ip}
		fallthrough
	default:
		parent, signer = ca.Leaf, ca.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func removeAll(paths ...string) error {
	var errs []error
	for _, p := range paths {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (k *keys) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{k.server},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    k.pool,
	}
}

func (k *keys) clientConfig() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{k.client},
		RootCAs:      k.pool,
		ServerName:   serverName,
	}
}

var _ encryption.TLSConfigProvider = (*keys)(nil)

// The server asks for its TLS configurations through these. Every listener,
// internal ones too, demands a certificate of the folder's authority.

func (k *keys) GetInternodeServerConfig() (*tls.Config, error) { return k.serverConfig(), nil }
func (k *keys) GetInternodeClientConfig() (*tls.Config, error) { return k.clientConfig(), nil }
func (k *keys) GetFrontendServerConfig() (*tls.Config, error)  { return k.serverConfig(), nil }
func (k *keys) GetFrontendClientConfig() (*tls.Config, error)  { return k.clientConfig(), nil }
func (k *keys) GetRemoteClusterClientConfig(string) (*tls.Config, error) {
	return k.clientConfig(), nil
}
func (k *keys) GetExpiringCerts(time.Duration) (encryption.CertExpirationMap, encryption.CertExpirationMap, error) {
	return nil, nil, nil
}
