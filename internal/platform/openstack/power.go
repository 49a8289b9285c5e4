package openstack

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Guest = (*Site)(nil)

// machine is a server at hand, with the client to change it: the tenant's for
// one of ours, so that what it is given is the tenant's too.
type machine struct {
	server
	tenant psn.TenantID
	scope  string // project for clients; "" is the operator's
	nova   *gophercloud.ServiceClient
}

// ours is the machine's id; "" for a foreign one.
func (m *machine) ours() psn.VMID {
	var vm psn.VM
	label(&vm, m.Metadata, m.tenant)
	return vm.ID
}

func (s *Site) machine(ctx context.Context, ref string) (*machine, error) {
	sv, err := s.server(ctx, ref)
	if err != nil {
		return nil, err
	}
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return nil, err
	}
	m := &machine{server: *sv, tenant: tenants[sv.Project]}
	if m.tenant != "" {
		m.scope = sv.Project
	}
	m.nova, err = s.compute(ctx, m.scope)
	return m, err
}

// Power implements driver.Site. Nova lets a guest shut down in an orderly way
// before it takes the power away (60 s unless its operator says otherwise).
func (s *Site) Power(ctx context.Context, ref string, want psn.PowerState) error {
	doing := fmt.Sprintf("power virtual machine %s %s", ref, want)
	unlock, err := s.servers.lock(ctx, ref)
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	m, err := s.machine(ctx, ref)
	if err == nil && want == psn.PoweredOn {
		err = s.putBack(ctx, m, everyDisk)
	}
	if err == nil {
		err = s.power(ctx, m.nova, ref, want)
	}
	return s.fault(err, doing)
}

func (s *Site) power(ctx context.Context, c *gophercloud.ServiceClient, ref string, want psn.PowerState) error {
	return s.wait(ctx, fmt.Sprintf("server %s to be %s", ref, want), func(ctx context.Context) (bool, error) {
		var page struct {
			Server server `json:"server"`
		}
		if err := get(ctx, c, "servers/"+ref, &page); err != nil {
			return false, err
		}
		sv := page.Server
		if sv.TaskState != "" {
			return false, nil
		}
		if sv.Status == "VERIFY_RESIZE" { // whoever resized it was cut off
			return false, s.confirm(ctx, c, ref)
		}
		if sv.power() == want && sv.Status != "ERROR" && sv.Status != "BUILD" {
			return true, nil
		}
		action, err := step(sv, want)
		if err != nil {
			return false, err
		}
		err = act(ctx, c, ref, action, nil)
		if hasStatus(err, http.StatusConflict) {
			again := server{}
			if get(ctx, c, "servers/"+ref, &struct{ Server *server }{&again}) == nil && (again.TaskState != "" || again.Status != sv.Status) {
				return false, nil // it changed in between
			}
		}
		return false, err
	})
}

// step is the action that brings a server nearer to a state of power.
func step(sv server, want psn.PowerState) (string, error) {
	steps := map[psn.PowerState]map[string]string{
		psn.PoweredOn:  {"SHUTOFF": "os-start", "SUSPENDED": "resume", "PAUSED": "unpause", "SHELVED": "unshelve", "SHELVED_OFFLOADED": "unshelve"},
		psn.PoweredOff: {"ACTIVE": "os-stop", "SUSPENDED": "resume", "PAUSED": "unpause", "ERROR": "os-stop"},
		psn.Suspended:  {"ACTIVE": "suspend", "SHUTOFF": "os-start"},
	}
	of, ok := steps[want]
	if !ok {
		return "", psn.Errorf(psn.InvalidInput, "power state %q is unknown: use %q, %q or %q", want, psn.PoweredOn, psn.PoweredOff, psn.Suspended)
	}
	if action := of[sv.Status]; action != "" {
		return action, nil
	}
	return "", psn.Errorf(psn.Conflict, "server is in status %q, from which it cannot be brought to %q: bring it to ACTIVE or SHUTOFF at the platform first", sv.Status, want)
}

// ShutdownGuest implements driver.Guest: Nova asks the guest and, when its time
// is up, takes the power away.
func (s *Site) ShutdownGuest(ctx context.Context, ref string) error {
	doing := fmt.Sprintf("shut down the guest of virtual machine %s", ref)
	m, err := s.machine(ctx, ref)
	if err != nil {
		return s.fault(err, doing)
	}
	if m.power() == psn.PoweredOff && m.TaskState == "" {
		return nil
	}
	err = act(ctx, m.nova, ref, "os-stop", nil)
	if hasStatus(err, http.StatusConflict) && m.TaskState == "powering-off" {
		return nil
	}
	return s.fault(err, doing)
}
