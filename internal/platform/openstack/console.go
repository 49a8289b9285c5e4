package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Console = (*Site)(nil)

// ConsoleLog implements driver.Console.
func (s *Site) ConsoleLog(ctx context.Context, ref string, lines int) (string, error) {
	log, err := s.consoleLog(ctx, ref, lines)
	return log, s.fault(err, fmt.Sprintf("read the console of machine %s", ref))
}

func (s *Site) consoleLog(ctx context.Context, ref string, lines int) (string, error) {
	if lines < 0 {
		return "", psn.Errorf(psn.InvalidInput, "%d lines: use a positive number, or 0 for all", lines)
	}
	c, err := s.compute(ctx, "")
	if err != nil {
		return "", err
	}
	ask := map[string]any{}
	if lines > 0 {
		ask["length"] = lines
	}
	var got struct{ Output string }
	err = send(ctx, c, http.MethodPost, "servers/"+url.PathEscape(ref)+"/action", map[string]any{"os-getConsoleOutput": ask}, &got)
	return got.Output, err
}
