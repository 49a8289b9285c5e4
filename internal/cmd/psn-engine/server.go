package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	namespace   = "psn"
	retention   = 90 * 24 * time.Hour // of finished workflows; the server's default is one day
	clusterName = "active"
	readyWithin = 60 * time.Second
	stopWithin  = 20 * time.Second
)

// server is a started engine.
type server struct {
	temporal.Server
	endpoint string
	log      *slog.Logger
}

// startServer starts the engine and returns when it answers.
func startServer(ctx context.Context, f *folder, k *keys, ip net.IP, port int, log *slog.Logger) (*server, error) {
	ports, err := internalPorts()
	if err != nil {
		return nil, err
	}
	store := sqlConfig(f.path(dbFile), "wal")
	if err := ensureNamespace(store); err != nil {
		return nil, err
	}
	endpoint := net.JoinHostPort(ip.String(), strconv.Itoa(port))
	logger := newLogger(log)
	srv, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(store, ip, port, ports)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(endpoint, ports)),
		temporal.WithLogger(logger),
		temporal.WithNamespaceLogger(logger),
		temporal.WithTLSConfigFactory(k),
		// Who holds a certificate of the folder's authority may do everything.
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithDynamicConfigClient(tuning()),
	)
	if err != nil {
		return nil, fmt.Errorf("prepare server: %w", err)
	}
	s := &server{Server: srv, endpoint: endpoint, log: log}
	if err := srv.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	if err := s.waitReady(ctx, k); err != nil {
		s.stop()
		return nil, err
	}
	if err := f.remember(port); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// waitReady returns when the namespace answers through the front door.
func (s *server) waitReady(ctx context.Context, k *keys) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{
		HostPort: s.endpoint, Namespace: namespace, Logger: sdklog.NewStructuredLogger(s.log),
		ConnectionOptions: client.ConnectionOptions{TLS: k.clientConfig()},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer within %v: %w", readyWithin, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server; acknowledged work is on disk already, so a server that
// does not stop in time is left to the end of the process.
func (s *server) stop() {
	done := make(chan error, 1)
	go func() { done <- s.Server.Stop() }()
	select {
	case err := <-done:
		if err != nil {
			s.log.Warn("stop server", "error", err)
		}
	case <-time.After(stopWithin):
		s.log.Warn("server did not stop in time", "after", stopWithin)
	}
}

// sqlConfig is one connection to the file: more of them answer "busy" and are
// slower. synchronous 2 (full) keeps every acknowledged step over a power loss.
func sqlConfig(file, journal string) *config.SQL {
	return &config.SQL{
		PluginName: sqlite.PluginName, DatabaseName: file, MaxConns: 1, MaxIdleConns: 1,
		ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": journal, "synchronous": "2", "busy_timeout": "10000"},
	}
}

func ensureNamespace(store *config.SQL) error {
	ns, err := sqliteschema.NewNamespaceConfig(clusterName, namespace, false, nil)
	if err != nil {
		return err
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := sqliteschema.CreateNamespaces(store, ns); err != nil {
		return fmt.Errorf("open %s: %w", store.DatabaseName, err)
	}
	return nil
}

func serverConfig(store *config.SQL, ip net.IP, port int, ports map[primitives.ServiceName]int) *config.Config {
	services := map[string]config.Service{
		string(primitives.FrontendService): {RPC: config.RPC{GRPCPort: port, BindOnIP: ip.String()}},
	}
	for name, p := range ports {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: p, BindOnIP: loopback}}
	}
	endpoint := net.JoinHostPort(ip.String(), strconv.Itoa(port))
	disabled := "disabled"
	return &config.Config{
		Global: config.Global{Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback}},
		Persistence: config.Persistence{
			DefaultStore: sqlite.PluginName, VisibilityStore: sqlite.PluginName, NumHistoryShards: shards,
			DataStores: map[string]config.DataStore{sqlite.PluginName: {SQL: store}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: endpoint},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
		PublicClient: config.PublicClient{HostPort: endpoint},
	}
}

// tuning trades idle polls for latency: the default of 20 polls a second makes
// every workflow step wait, and one node needs no partitions.
func tuning() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key():         500,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():            500,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key():       500,
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
	}
}

func hosts(endpoint string, ports map[primitives.ServiceName]int) map[primitives.ServiceName]static.Hosts {
	h := map[primitives.ServiceName]static.Hosts{primitives.FrontendService: static.SingleLocalHost(endpoint)}
	for name, p := range ports {
		h[name] = static.SingleLocalHost(net.JoinHostPort(loopback, strconv.Itoa(p)))
	}
	return h
}

const loopback = "127.0.0.1"

// internalPorts picks free loopback ports for the server's inner parts.
func internalPorts() (map[primitives.ServiceName]int, error) {
	ports := map[primitives.ServiceName]int{}
	for _, name := range []primitives.ServiceName{primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return nil, err
		}
		defer l.Close() // after all are picked, so that they differ
		ports[name] = portOf(l)
	}
	return ports, nil
}

// frontendAddress resolves --listen: an IP address, loopback unless allowed,
// and a port; 0 means the last one when free, else any.
func frontendAddress(listen string, allowRemote bool, last int) (net.IP, int, error) {
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, 0, fmt.Errorf("--listen %q is not host:port, for example 127.0.0.1:7233", listen)
	}
	if host == "localhost" {
		host = loopback
	}
	ip := net.ParseIP(host)
	port, perr := strconv.Atoi(portText)
	switch {
	case ip == nil || ip.IsUnspecified():
		return nil, 0, fmt.Errorf("--listen %q: name one IP address of this machine, which clients will dial", listen)
	case perr != nil || port < 0 || port > 65535:
		return nil, 0, fmt.Errorf("--listen %q: port %q is not a number from 0 to 65535", listen, portText)
	case !ip.IsLoopback() && !allowRemote:
		return nil, 0, fmt.Errorf("--listen %q is reachable from other machines: add --allow-remote if that is wanted", listen)
	}
	want := port
	if port == 0 {
		want = last
	}
	l, err := net.Listen("tcp", net.JoinHostPort(ip.String(), strconv.Itoa(want)))
	if port == 0 && errors.Is(err, syscall.EADDRINUSE) {
		l, err = net.Listen("tcp", net.JoinHostPort(ip.String(), "0"))
	}
	if err != nil {
		return nil, 0, fmt.Errorf("--listen %q: %w", listen, err)
	}
	defer l.Close()
	return ip, portOf(l), nil
}

// portOf is the port a TCP listener has; 0, which nobody can dial, for others.
func portOf(l net.Listener) int {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}
