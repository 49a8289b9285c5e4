package openstack

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

var _ driver.Links = (*Site)(nil)

// SetLinks implements driver.Links: the administrative state of ports.
func (s *Site) SetLinks(ctx context.Context, ref string, connected bool, except ...string) error {
	doing := fmt.Sprintf("set links of virtual machine %s", ref)
	if _, err := s.server(ctx, ref); err != nil {
		return s.fault(err, doing)
	}
	cards, err := s.cardsOf(ctx, ref)
	if err != nil {
		return s.fault(err, doing)
	}
	c, err := s.network(ctx, "")
	if err != nil {
		return s.fault(err, doing)
	}
	for _, k := range cards {
		if k.Up == connected || slices.ContainsFunc(except, func(mac string) bool { return strings.EqualFold(mac, k.MAC) }) {
			continue
		}
		if err := send(ctx, c, http.MethodPut, "ports/"+k.ID, map[string]any{"port": map[string]any{"admin_state_up": connected}}, nil); err != nil {
			return s.fault(err, fmt.Sprintf("%s: card %s", doing, k.MAC))
		}
	}
	return nil
}
