package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// cardPorts lists the ports that are cards of the machine, by card number.
func (s *Site) cardPorts(ctx context.Context, project string, id psn.VMID) (map[int][]card, error) {
	c, err := s.network(ctx, "")
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, c, "ports", url.Values{"project_id": {project}, "fields": cardFields}, "ports", card.id)
	if err != nil {
		return nil, err
	}
	out := map[int][]card{}
	for _, k := range found {
		if n, ok := k.number(id); ok {
			out[n] = append(out[n], k)
		}
	}
	return out, nil
}

// cardsFor makes the machine's ports, from the first-th on, as far as they do
// not stand unused. Ports are made as the operator: the tenant may use a shared
// network, but not choose an address or a MAC on it.
func (s *Site) cardsFor(ctx context.Context, p *plan, first int) ([]string, error) {
	if first >= len(p.NICs) {
		return nil, nil
	}
	standing, err := s.cardPorts(ctx, p.project, p.ID)
	if err != nil {
		return nil, err
	}
	var out []string
	for n := first; n < len(p.NICs); n++ {
		id := ""
		for _, k := range standing[n] {
			if _, made := cardNumber(p.ID, k.Name); k.Server != "" || !made {
				continue
			}
			if id == "" && p.sameCard(n, k) {
				if id = k.ID; p.security != nil {
					err = s.guard(ctx, k, *p.security)
				}
				if err != nil {
					return nil, fmt.Errorf("network card %d: %w", n, err)
				}
				continue
			}
			if err := s.removePort(ctx, k.ID); err != nil { // of an earlier try, made otherwise
				return nil, err
			}
		}
		if id == "" {
			if id, err = s.makeCard(ctx, p, n); err != nil {
				return nil, fmt.Errorf("network card %d: %w", n, err)
			}
			p.made.cards = append(p.made.cards, id)
		}
		out = append(out, id)
	}
	return out, nil
}

// sameCard reports whether a port of an earlier try is the one asked for.
func (p *plan) sameCard(n int, k card) bool {
	want := p.NICs[n]
	if k.Network != p.nets[n] || want.MAC != "" && !strings.EqualFold(want.MAC, k.MAC) {
		return false
	}
	if want.FixedIP == "" {
		return true
	}
	ip, _ := netip.ParseAddr(want.FixedIP) // checked before
	for _, f := range k.FixedIPs {
		if got, err := netip.ParseAddr(f.Address); err == nil && got == ip {
			return true
		}
	}
	return false
}

func (s *Site) makeCard(ctx context.Context, p *plan, n int) (string, error) {
	c, err := s.network(ctx, "")
	if err != nil {
		return "", err
	}
	port := map[string]any{
		"name": portName(p.ID, n), "network_id": p.nets[n], "project_id": p.project, "admin_state_up": true,
	}
	if mac := p.NICs[n].MAC; mac != "" {
		port["mac_address"] = strings.ToLower(mac)
	}
	if ip := p.NICs[n].FixedIP; ip != "" {
		port["fixed_ips"] = []map[string]string{{"ip_address": ip}}
	}
	if p.security != nil {
		port["security_groups"] = *p.security
	}
	var made struct {
		Port card `json:"port"`
	}
	err = post(ctx, c, "ports", map[string]any{"port": port}, &made)
	if code, _ := s.classify(err); code == psn.Conflict && (p.NICs[n].FixedIP != "" || p.NICs[n].MAC != "") {
		err = s.adding(err, "choose another address, or remove the port that has it (openstack port list --fixed-ip ip-address=…, --mac-address …)")
	}
	return made.Port.ID, err
}

// guard puts the security groups on a port.
func (s *Site) guard(ctx context.Context, k card, groups []string) error {
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	return send(ctx, c, http.MethodPut, "ports/"+k.ID, map[string]any{"port": map[string]any{"security_groups": groups}}, nil)
}

func (s *Site) removePort(ctx context.Context, id string) error {
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	if err := send(ctx, c, http.MethodDelete, "ports/"+id, nil, nil); err != nil && !gone(err) {
		return err
	}
	return nil
}

// removeCards removes the ports that were made as cards of the machine and are
// on no server.
func (s *Site) removeCards(ctx context.Context, project string, id psn.VMID) error {
	standing, err := s.cardPorts(ctx, project, id)
	if err != nil {
		return err
	}
	for _, same := range standing {
		for _, k := range same {
			if _, made := cardNumber(id, k.Name); k.Server != "" || !made {
				continue
			}
			if err := s.removePort(ctx, k.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
