package openstacklab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// StopRegion ends every service of the site; guests that run go on. Takes some
// seconds, and so does a StartRegion after it.
func (l *Lab) StopRegion(ctx context.Context, site psn.Site) error {
	return l.do(ctx, "stop-region", string(site))
}

// StartRegion starts the site's services and waits until they work.
func (l *Lab) StartRegion(ctx context.Context, site psn.Site) error {
	return l.do(ctx, "start-region", string(site))
}

// Cut makes the site unreachable at once: its connections break and new ones
// are refused. Nothing behind them stops.
func (l *Lab) Cut(ctx context.Context, site psn.Site) error { return l.do(ctx, "cut", string(site)) }

// Hang makes the site silent at once: connections open and nothing is answered.
func (l *Lab) Hang(ctx context.Context, site psn.Site) error { return l.do(ctx, "hang", string(site)) }

// Mend undoes Cut or Hang.
func (l *Lab) Mend(ctx context.Context, site psn.Site) error { return l.do(ctx, "mend", string(site)) }

// RevokeTokens ends every token of the administrator at every site. Services
// may trust a token for one second more (PSN_LAB_TOKEN_CACHE_SECONDS).
func (l *Lab) RevokeTokens(ctx context.Context) error { return l.do(ctx, "revoke") }

func (l *Lab) do(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, l.Command, args...)
	cmd.Env = append(os.Environ(), "PSN_LAB_DIR="+l.Dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
