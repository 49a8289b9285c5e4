package openstack

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// resize changes the flavour and confirms it. A resize that an earlier call
// began, and was cut off in, is ended first.
func (s *Site) resize(ctx context.Context, m *machine, p *plan) error {
	asked := false
	return s.wait(ctx, "server "+m.ID+" to have its new size", func(ctx context.Context) (bool, error) {
		var page struct {
			Server server `json:"server"`
		}
		if err := get(ctx, m.nova, "servers/"+m.ID, &page); err != nil {
			return false, err
		}
		sv := page.Server
		fits := sv.Flavor.VCPUs == p.VCPUs && sv.Flavor.RAM == p.MemoryMiB
		switch {
		case sv.Status == "VERIFY_RESIZE" && sv.TaskState == "":
			return false, s.confirm(ctx, m.nova, m.ID)
		case sv.TaskState != "" || sv.Status == "RESIZE" || sv.Status == "REVERT_RESIZE":
			return false, nil
		case sv.Status == "ERROR":
			return false, fmt.Errorf("resize: %w", failure(&sv))
		case fits && (sv.Status == "ACTIVE" || sv.Status == "SHUTOFF"):
			return true, nil
		case asked:
			return false, psn.Errorf(psn.Exhausted, "no host of zone %q took the machine with %d vCPUs and %d MiB; it is as it was: choose a smaller size, or free room", sv.Zone, p.VCPUs, p.MemoryMiB)
		case sv.Status != "ACTIVE" && sv.Status != "SHUTOFF":
			return false, psn.Errorf(psn.Conflict, "server is in status %q: only one that runs or is off takes another size", sv.Status)
		}
		asked = true
		return false, act(ctx, m.nova, m.ID, "resize", map[string]any{"flavorRef": p.size})
	})
}

// confirm ends a resize that waits for its confirmation.
func (s *Site) confirm(ctx context.Context, c *gophercloud.ServiceClient, ref string) error {
	asked := false
	return s.wait(ctx, "the resize of server "+ref+" to be confirmed", func(ctx context.Context) (bool, error) {
		var page struct {
			Server server `json:"server"`
		}
		if err := get(ctx, c, "servers/"+ref, &page); err != nil || page.Server.Status != "VERIFY_RESIZE" {
			return err == nil, err
		}
		err := ignoring(act(ctx, c, ref, "confirmResize", nil), http.StatusConflict)
		if asked {
			// Nova confirms in its own time and shows the status meanwhile, in
			// which it answers that there is nothing to confirm.
			err = ignoring(err, http.StatusBadRequest)
		}
		asked = true
		return false, err
	})
}
