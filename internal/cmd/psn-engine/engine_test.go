package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"log/slog"
)

// asEngine makes the test binary behave as psn-engine, so that it can be killed.
const asEngine = "PSN_ENGINE_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asEngine) != "" {
		main()
	}
	os.Exit(m.Run())
}

// process is a running psn-engine.
type process struct {
	cmd    *exec.Cmd
	dir    string
	stderr *bytes.Buffer
}

// start runs psn-engine on dir and returns when it said that it is ready.
func start(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], append([]string{"--data", dir}, args...)...), dir: dir, stderr: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), asEngine+"=1")
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	ready := make(chan bool, 1)
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			if strings.Contains(s.Text(), "ready on") {
				ready <- true
			}
		}
		close(ready)
	}()
	select {
	case ok := <-ready:
		if !ok {
			t.Fatalf("psn-engine ended before it was ready: %s", p.stderr)
		}
	case <-time.After(60 * time.Second):
		t.Fatalf("psn-engine was not ready in 60 s: %s", p.stderr)
	}
	return p
}

func (p *process) endpoint(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, endpointFile))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func (p *process) tls(t testing.TB) *tls.Config {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(p.dir, caFile))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(filepath.Join(p.dir, certFile), filepath.Join(p.dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, ServerName: serverName}
}

func (p *process) dial(t testing.TB) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: p.endpoint(t), Namespace: namespace,
		ConnectionOptions: client.ConnectionOptions{TLS: p.tls(t)},
		Logger:            sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// twice waits for two signals and answers what they said.
func twice(ctx workflow.Context) (string, error) {
	var a, b string
	ch := workflow.GetSignalChannel(ctx, "word")
	ch.Receive(ctx, &a)
	ch.Receive(ctx, &b)
	return a + b, nil
}

func TestKilledEngineKeepsWorkflows(t *testing.T) {
	ctx := deadline(t, 120*time.Second)
	dir := t.TempDir()
	first := start(t, dir)
	was := first.endpoint(t)
	c := first.dial(t)
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "w", TaskQueue: "q"}, twice)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SignalWorkflow(ctx, run.GetID(), run.GetRunID(), "word", "kept "); err != nil {
		t.Fatal(err)
	}
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.cmd.Wait()

	second := start(t, dir)
	if got := second.endpoint(t); got != was {
		t.Errorf("endpoint after restart = %s, want the port kept: %s", got, was)
	}
	// The old client, with the certificate read before, comes back by itself.
	w := worker.New(c, "q", worker.Options{})
	w.RegisterWorkflow(twice)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	if err := c.SignalWorkflow(ctx, "w", "", "word", "alive"); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := c.GetWorkflow(ctx, "w", "").Get(ctx, &got); err != nil || got != "kept alive" {
		t.Fatalf("result = %q, %v; want %q", got, err, "kept alive")
	}
	ns, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	if got := ns.Config.WorkflowExecutionRetentionTtl.AsDuration(); got != 90*24*time.Hour {
		t.Errorf("retention = %v, want 90 days", got)
	}
}

func TestRefusesStrangers(t *testing.T) {
	p := start(t, t.TempDir())
	good := p.tls(t)
	stranger, err := issue(nil, good.Certificates[0].Leaf.Subject, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, certs := range map[string][]tls.Certificate{"no certificate": nil, "certificate of another authority": {*stranger}} {
		t.Run(name, func(t *testing.T) {
			conf := good.Clone()
			conf.Certificates, conf.NextProtos = certs, []string{"h2"}
			conn, err := tls.Dial("tcp", p.endpoint(t), conf)
			if err != nil {
				return
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			// With TLS 1.3 the refusal arrives with the first read.
			if _, err := conn.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("read = %v, want a certificate alert", err)
			}
		})
	}
	t.Run("plain text", func(t *testing.T) {
		conn, err := net.Dial("tcp", p.endpoint(t))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
		if b, _ := io.ReadAll(conn); bytes.Contains(b, []byte("\x00\x00\x00\x04")) {
			t.Errorf("the engine spoke HTTP/2 without TLS: %q", b)
		}
	})
}

// Every port the process listens on demands a certificate.
func TestInnerPortsDemandCertificates(t *testing.T) {
	p := start(t, t.TempDir())
	ports := listening(t, p.cmd.Process.Pid)
	if len(ports) < 4 {
		t.Fatalf("found %d listening ports %v, want the front door and three inner ones", len(ports), ports)
	}
	for _, addr := range ports {
		conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: p.tls(t).RootCAs, ServerName: serverName, NextProtos: []string{"h2"}})
		if err != nil {
			t.Errorf("%s: %v, want a TLS listener of the folder's authority", addr, err)
			continue
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: read = %v, want a certificate alert", addr, err)
		}
		conn.Close()
	}
}

func TestSecondEngineIsRefused(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	var out, errs bytes.Buffer
	if code := run(deadline(t, 30*time.Second), []string{"--data", dir}, &out, &errs); code != 1 {
		t.Fatalf("exit code %d, want 1", code)
	}
	for _, want := range []string{"in use by psn-engine pid", dir} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("refusal %q does not say %q", errs.String(), want)
		}
	}
	if got := p.endpoint(t); got == "" {
		t.Error("the refused engine removed the endpoint of the running one")
	}
}

func TestStopsOnRequest(t *testing.T) {
	p := start(t, t.TempDir())
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("ended with %v: %s", err, p.stderr)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("still running 30 s after the signal")
	}
	if _, err := os.Stat(filepath.Join(p.dir, endpointFile)); !os.IsNotExist(err) {
		t.Errorf("endpoint after stop: %v, want it gone", err)
	}
}

func TestUIAnswersAndRefusesWrites(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	start(t, t.TempDir(), "--ui", "--ui-listen", addr)
	url := "http://" + addr + "/api/v1/namespaces/psn/workflows"
	ctx := deadline(t, 30*time.Second)
	for {
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				break
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("no answer: %v %v", res, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+"/w", strings.NewReader(`{}`))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode < 400 {
		t.Errorf("a write through the UI answered %s, want a refusal", res.Status)
	}
}

func TestRefusesForeignFiles(t *testing.T) {
	have := schema()
	for name, tc := range map[string]struct {
		change func(*sidecar)
		want   string
	}{
		"same":               {func(*sidecar) {}, ""},
		"patch release":      {func(s *sidecar) { s.Server = minor(s.Server) + ".0" }, ""},
		"other minor":        {func(s *sidecar) { s.Server = "1.30.4" }, "made by server 1.30.4"},
		"other schema":       {func(s *sidecar) { s.Schema = "0.10" }, "schema 0.10/"},
		"other shard number": {func(s *sidecar) { s.Shards = 4 }, "4 history shards"},
	} {
		t.Run(name, func(t *testing.T) {
			s := have
			tc.change(&s)
			switch err := compatible(s, have); {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestFolderRefusals(t *testing.T) {
	t.Run("other version", func(t *testing.T) {
		dir := t.TempDir()
		f, err := openFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		f.side.Server = "1.29.1"
		if err := f.remember(0); err != nil {
			t.Fatal(err)
		}
		f.close()
		if _, err := openFolder(dir); err == nil || !strings.Contains(err.Error(), "made by server 1.29.1") {
			t.Errorf("error %v, want the version named", err)
		}
		raw, _ := os.ReadFile(filepath.Join(dir, sidecarFile))
		var s sidecar
		if err := json.Unmarshal(raw, &s); err != nil || s.Server != "1.29.1" {
			t.Errorf("sidecar after refusal: %s, %v; want it unchanged", raw, err)
		}
	})
	t.Run("no sidecar", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, dbFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openFolder(dir); err == nil || !strings.Contains(err.Error(), "has no engine.json") {
			t.Errorf("error %v, want the missing sidecar named", err)
		}
	})
}

func TestListenAddress(t *testing.T) {
	for name, tc := range map[string]struct {
		listen string
		remote bool
		want   string
	}{
		"any loopback port": {"127.0.0.1:0", false, ""},
		"localhost":         {"localhost:0", false, ""},
		"not loopback":      {"192.0.2.1:7233", false, "--allow-remote"},
		"unspecified":       {"0.0.0.0:7233", true, "name one IP address"},
		"no port":           {"127.0.0.1", false, "not host:port"},
		"bad port":          {"127.0.0.1:http", false, "not a number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, port, err := frontendAddress(tc.listen, tc.remote, 0)
			switch {
			case tc.want == "" && (err != nil || port == 0):
				t.Errorf("port %d, error %v", port, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestKeysAreKeptAndRenewed(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	ip, now := net.ParseIP(loopback), time.Now()
	serial := func(k *keys) string { return k.client.Leaf.SerialNumber.String() }
	first, err := f.ensureKeys(ip, now)
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.ensureKeys(ip, now.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if serial(first) != serial(again) {
		t.Error("the client's certificate changed after a day, want it kept")
	}
	later, err := f.ensureKeys(ip, now.Add(leafLife-renewBefore/2))
	if err != nil {
		t.Fatal(err)
	}
	if serial(first) == serial(later) {
		t.Error("the client's certificate was kept near its end, want it renewed")
	}
	for _, name := range []string{caKeyFile, keyFile} {
		if st, err := os.Stat(f.path(name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", name, st.Mode(), err)
		}
	}
}
