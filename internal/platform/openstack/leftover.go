package openstack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Leftovers = (*Site)(nil)

// TenantLeftovers implements driver.Leftovers. A region that the tenant is not in
// is not asked: listing its security groups there would make one.
func (s *Site) TenantLeftovers(ctx context.Context, t psn.TenantID) ([]string, error) {
	doing := fmt.Sprintf("list what is left of tenant %s", t)
	p, err := s.findProject(ctx, t)
	if err != nil || p == nil || !p.at(s.cfg.Region) {
		return nil, s.fault(err, doing)
	}
	left, err := s.leftovers(ctx, p.ID)
	return left, s.fault(err, doing)
}

// leftoverKind is a collection in which a project may leave objects.
type leftoverKind struct {
	client func(context.Context, string) (*gophercloud.ServiceClient, error)
	path   string
	query  url.Values // project_id is added, under the name in owner
	owner  string
	key    string
	noun   string
}

func (s *Site) leftoverKinds() []leftoverKind {
	every := url.Values{"all_tenants": {"1"}}
	return []leftoverKind{
		{s.compute, "servers", every, "project_id", "servers", "virtual machine"},
		{s.volume, "volumes/detail", every, "project_id", "volumes", "volume"},
		{s.volume, "snapshots", every, "project_id", "snapshots", "snapshot"},
		{s.image, "images", nil, "owner", "images", "image"},
		{s.network, "networks", nil, "project_id", "networks", "network"},
		{s.network, "routers", nil, "project_id", "routers", "router"},
		{s.network, "ports", nil, "project_id", "ports", "port"},
		{s.network, "floatingips", nil, "project_id", "floatingips", "floating address"},
		{s.network, "security-groups", nil, "project_id", "security_groups", "security group"},
	}
}

// leftover is an object of any of the kinds.
type leftover struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Size    json.RawMessage `json:"size"`                // of a volume, in GiB
	Address string          `json:"floating_ip_address"` // of a floating address
	Owner   string          `json:"device_owner"`        // of a port
	Device  string          `json:"device_id"`           // of a port
}

// stray reports whether a port was made for a machine that it never got to, or
// that is gone. DeleteTenant removes it.
func (l leftover) stray() bool { return l.Device == "" && strings.HasPrefix(l.Name, portPrefix) }

func (l leftover) id() string { return l.ID }

// leftovers names, kind by kind, what the project holds that DeleteTenant does
// not remove. Ports are named only where nothing else that is named has them.
func (s *Site) leftovers(ctx context.Context, project string) ([]string, error) {
	out := []string{}
	for _, k := range s.leftoverKinds() {
		c, err := k.client(ctx, "")
		if err != nil {
			return nil, err
		}
		q := url.Values{k.owner: {project}}
		for key, v := range k.query {
			q[key] = v
		}
		found, err := list(ctx, c, k.path, q, k.key, leftover.id)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", k.key, err)
		}
		var names []string
		for _, l := range found {
			if text := l.text(k); text != "" {
				names = append(names, text)
			}
		}
		slices.Sort(names)
		out = append(out, names...)
	}
	return out, nil
}

// text is the object for people; empty for one that goes with another.
func (l leftover) text(k leftoverKind) string {
	name := l.Name
	switch k.key {
	case "floatingips":
		name = l.Address
	case "security_groups":
		if l.Name == "default" {
			return ""
		}
	case "ports":
		if strings.HasPrefix(l.Owner, "network:") || strings.HasPrefix(l.Owner, "compute:") || l.stray() {
			return ""
		}
	}
	if name == "" {
		name = l.ID
	}
	if k.key == "volumes" {
		return fmt.Sprintf("%s %s (%s GiB)", k.noun, name, l.Size)
	}
	return k.noun + " " + name
}
