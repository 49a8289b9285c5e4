// Command psn-engine is the packaged durable engine of the project: a Temporal
// server in one process, on one SQLite file, reached over mutual TLS. It holds
// no domain code; workflows run in the workers that dial it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/common/headers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	dir         string
	listen      string
	allowRemote bool
	ui          bool
	uiListen    string
	logLevel    slog.Level
}

// run is main without the process: 0 stopped on request, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opt := options{logLevel: slog.LevelError} // the server warns of its own restarts
	fs := flag.NewFlagSet("psn-engine", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&opt.dir, "data", "", "folder of the engine's file, keys and endpoint (required; made when missing)")
	fs.StringVar(&opt.listen, "listen", "127.0.0.1:0", "address of the engine; port 0 keeps the port used last when it is free")
	fs.BoolVar(&opt.allowRemote, "allow-remote", false, "accept a --listen address that is not loopback")
	fs.BoolVar(&opt.ui, "ui", false, "serve the read-only web UI (it asks for no login: loopback only)")
	fs.StringVar(&opt.uiListen, "ui-listen", "127.0.0.1:8233", "loopback address of the web UI")
	fs.TextVar(&opt.logLevel, "log-level", opt.logLevel, "debug, info, warn or error")
	version := fs.Bool("version", false, "print versions and exit")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case *version:
		fmt.Fprintf(stdout, "psn-engine, Temporal server %s, schema %s/%s\n", headers.ServerVersion, schema().Schema, schema().VisibilitySchema)
		return 0
	case opt.dir == "":
		fmt.Fprintln(stderr, "psn-engine: --data is required: name the folder where the engine keeps its file, for example --data ./engine")
		return 2
	case fs.NArg() > 0:
		fmt.Fprintf(stderr, "psn-engine: unexpected argument %q: only flags are accepted\n", fs.Arg(0))
		return 2
	}
	if err := serve(ctx, opt, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "psn-engine: %v\n", err)
		return 1
	}
	return 0
}

// serve owns the folder from lock to unlock.
func serve(ctx context.Context, opt options, stdout, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: opt.logLevel}))
	f, err := openFolder(opt.dir)
	if err != nil {
		return err
	}
	defer f.close()

	ip, port, err := frontendAddress(opt.listen, opt.allowRemote, f.lastPort())
	if err != nil {
		return err
	}
	keys, err := f.ensureKeys(ip, time.Now())
	if err != nil {
		return err
	}
	srv, err := startServer(ctx, f, keys, ip, port, log)
	if err != nil {
		return err
	}
	defer srv.stop()
	if opt.ui {
		ui, err := startUI(opt.uiListen, srv.endpoint, f, log)
		if err != nil {
			return err
		}
		defer ui.Stop()
		fmt.Fprintf(stdout, "psn-engine: web UI on http://%s\n", opt.uiListen)
	}
	if err := f.publish(srv.endpoint); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "psn-engine: ready on %s, data in %s\n", srv.endpoint, f.dir)
	<-ctx.Done()
	f.withdraw()
	return nil
}
