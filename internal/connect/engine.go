package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Files that psn-engine writes in its folder, and the name in its certificate.
const (
	engineEndpoint = "endpoint"
	engineCA       = "ca.pem"
	engineCert     = "client.pem"
	engineKey      = "client-key.pem"
	engineName     = "psn-engine"
)

// dialWithin bounds one try to reach the engine.
const dialWithin = 10 * time.Second

// Engine dials the durable engine, with the identity of both sides checked. The
// caller closes the client. Errors: InvalidInput (nothing usable configured),
// Unavailable (not running or not reached), Untrusted, NotFound (no such
// namespace).
func (f *Fleet) Engine(ctx context.Context) (client.Client, error) {
	c, err := f.cfg.Engine.dial(ctx)
	return c, psn.At("engine", err)
}

func (e EngineConfig) dial(ctx context.Context) (client.Client, error) {
	address, conf, err := e.reach()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	// A plain handshake first: its errors say what is wrong, the client's only
	// that time ran out.
	if err := handshake(ctx, address, conf); err != nil {
		return nil, e.explain(address, err)
	}
	namespace := e.Namespace
	if namespace == "" {
		namespace = "psn"
	}
	c, err := client.DialContext(ctx, client.Options{
		HostPort: address, Namespace: namespace,
		ConnectionOptions: client.ConnectionOptions{TLS: conf},
		Logger:            sdklog.NewStructuredLogger(slog.Default()),
	})
	if err != nil {
		return nil, e.explain(address, err)
	}
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		c.Close()
		if missing := (*serviceerror.NamespaceNotFound)(nil); errors.As(err, &missing) {
			return nil, psn.Errorf(psn.NotFound, "%s has no namespace %q: create it there, or set engine.namespace to one that exists", address, namespace)
		}
		return nil, e.explain(address, err)
	}
	return c, nil
}

// reach finds the address and what to present and trust there.
func (e EngineConfig) reach() (string, *tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case e.Dir != "":
		b, err := os.ReadFile(filepath.Join(e.Dir, engineEndpoint))
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil, e.notRunning(nil)
		}
		if err != nil {
			return "", nil, psn.Errorf(psn.InvalidInput, "engine.dir: %w", err)
		}
		conf.ServerName = engineName
		in := func(name string) string { return filepath.Join(e.Dir, name) }
		return strings.TrimSpace(string(b)), conf, identity(conf, in(engineCA), in(engineCert), in(engineKey))
	case e.Address != "":
		host, _, err := net.SplitHostPort(e.Address)
		if err != nil {
			return "", nil, psn.Errorf(psn.InvalidInput, "engine.address %q is not valid: use host:port", vsphere.HideUser(e.Address))
		}
		conf.ServerName = host
		return e.Address, conf, identity(conf, e.CAFile, e.CertFile, e.KeyFile)
	}
	return "", nil, psn.Errorf(psn.InvalidInput, "no engine is configured: set engine.dir to the folder of psn-engine, or engine.address to an existing cluster")
}

// identity reads the files that are named into conf.
func identity(conf *tls.Config, ca, cert, key string) error {
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return psn.Errorf(psn.InvalidInput, "read the engine's authority: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return psn.Errorf(psn.InvalidInput, "%s holds no certificate: name a PEM file with the engine's authority", ca)
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return psn.Errorf(psn.InvalidInput, "read the client certificate for the engine: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return nil
}

// handshake opens a connection, says hello in HTTP/2 and waits for an answer:
// only then has the server judged our certificate.
func handshake(ctx context.Context, address string, conf *tls.Config) error {
	conf = conf.Clone()
	conf.NextProtos = []string{"h2"}
	conn, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			return err
		}
	}
	const preface, noSettings = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	if _, err := conn.Write([]byte(preface + noSettings)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	return err
}

// explain says what to do about an engine that is not reached.
func (e EngineConfig) explain(address string, err error) error {
	var untrusted *tls.CertificateVerificationError
	var alert *net.OpError
	switch {
	case errors.As(err, &untrusted):
		return psn.Errorf(psn.Untrusted, "%s does not prove its identity: %w", address, err)
	case errors.As(err, &alert) && alert.Op == "remote error" && strings.Contains(err.Error(), "certificate"):
		return psn.Errorf(psn.Unauthenticated, "%s refuses the client certificate: %w", address, err)
	case e.Dir != "":
		return e.notRunning(err)
	}
	return psn.Errorf(psn.Unavailable, "%s cannot be reached: check engine.address and that the cluster runs: %w", address, err)
}

func (e EngineConfig) notRunning(err error) error {
	text := fmt.Sprintf("engine is not running: start it with psn-engine --data %s", e.Dir)
	if err == nil {
		return psn.Errorf(psn.Unavailable, "%s", text)
	}
	return psn.Errorf(psn.Unavailable, "%s (%w)", text, err)
}

// Estate is the fleet as migrations see it: live backends, no caches.
func (f *Fleet) Estate() migration.Estate { return estate{f} }

type estate struct{ f *Fleet }

func (e estate) Site(ctx context.Context, s psn.Site, p psn.Platform) (driver.Site, error) {
	h, err := e.f.Site(s, p)
	if err != nil {
		return nil, err
	}
	return h.Driver(ctx)
}

func (e estate) Source(ctx context.Context, name string) (driver.Site, error) {
	h, err := e.f.Source(name)
	if err != nil {
		return nil, err
	}
	return h.Driver(ctx)
}

func (e estate) Worker(_ context.Context, s psn.Site, p psn.Platform) (migration.WorkerPlace, error) {
	w, err := e.f.WorkerOn(s, p)
	if err != nil {
		return migration.WorkerPlace{}, err
	}
	return migration.WorkerPlace{VM: w.VM, Devices: w.Devices}, nil
}
