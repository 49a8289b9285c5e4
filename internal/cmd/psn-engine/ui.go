package main

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"

	uiserver "github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves the read-only web UI on a loopback address. It asks for no
// login, hence never anything but loopback and never a write.
func startUI(listen, endpoint string, f *folder, log *slog.Logger) (*uiserver.Server, error) {
	host, portText, err := net.SplitHostPort(listen)
	port, perr := strconv.Atoi(portText)
	ip := net.ParseIP(host)
	if err != nil || perr != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("--ui-listen %q: use a loopback address and a port, for example 127.0.0.1:8233", listen)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("--ui-listen %q: %w", listen, err)
	}
	l.Close()
	ui := uiserver.NewServer(server_options.WithConfigProvider(&config.Config{
		Host: host, Port: port, TemporalGRPCAddress: endpoint, DefaultNamespace: namespace,
		EnableUI: true, DisableNewsFetch: true, HideLogs: true, DisableWriteActions: true,
		TLS: config.TLS{
			CaFile: f.path(caFile), CertFile: f.path(certFile), KeyFile: f.path(keyFile),
			EnableHostVerification: true, ServerName: serverName,
		},
		CORS: config.CORS{AllowOrigins: []string{"http://" + listen}},
	}))
	go func() {
		if err := ui.Start(); err != nil {
			log.Error("web UI stopped", "error", err)
		}
	}()
	return ui, nil
}
