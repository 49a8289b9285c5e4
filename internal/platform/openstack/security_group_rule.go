package openstack

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// selfGroup stands, in a rule, for the group that the rule belongs to.
const selfGroup = "self"

// protocolNumbers are the names Neutron has for protocols that we know by
// number (IANA's assigned internet protocol numbers).
var protocolNumbers = map[string]string{
	"igmp": "2", "ipip": "4", "egp": "8", "dccp": "33", "ipv6-encap": "41",
	"ipv6-route": "43", "ipv6-frag": "44", "rsvp": "46", "gre": "47", "esp": "50",
	"ah": "51", "ipv6-nonxt": "59", "ipv6-opts": "60", "ospf": "89", "vrrp": "112",
	"pgm": "113", "sctp": "132", "udplite": "136",
}

// canonicalRules checks rules and brings them into the one form in which they
// are compared and returned: sorted, each once. Errors name the rule by its
// position.
func canonicalRules(in []driver.SecurityRule) ([]driver.SecurityRule, error) {
	out := make([]driver.SecurityRule, 0, len(in))
	at := map[driver.SecurityRule]int{}
	for i, r := range in {
		c, err := canonicalRule(r)
		if err != nil {
			return nil, psn.Errorf(psn.InvalidInput, "rule %d: %w", i, err)
		}
		if slices.Contains(out, c) {
			continue
		}
		if j, same := at[effect(c)]; same {
			return nil, psn.Errorf(psn.InvalidInput, "rule %d allows what rule %d allows already: keep one of them", i, j)
		}
		at[effect(c)] = i
		out = append(out, c)
	}
	slices.SortFunc(out, compareRules)
	return out, nil
}

func canonicalRule(r driver.SecurityRule) (driver.SecurityRule, error) {
	r.Direction = strings.ToLower(r.Direction)
	if r.Direction != "ingress" && r.Direction != "egress" {
		return r, fmt.Errorf("direction %q is unknown: use \"ingress\" or \"egress\"", r.Direction)
	}
	if r.CIDR != "" && r.Group != "" {
		return r, fmt.Errorf("cidr %q and group %q: use one of them", r.CIDR, r.Group)
	}
	six := r.IPv6
	if r.CIDR != "" {
		p, err := prefix("cidr", r.CIDR)
		if err != nil {
			return r, err
		}
		if r.IPv6 && p.Addr().Is4() {
			return r, fmt.Errorf("ipv6 is set and cidr %q is IPv4: unset one of them", r.CIDR)
		}
		six, r.CIDR, r.IPv6 = p.Addr().Is6(), p.String(), false
	}
	var err error
	if r.Protocol, err = canonicalProtocol(r.Protocol, six); err != nil {
		return r, err
	}
	return r, checkPorts(r)
}

func canonicalProtocol(name string, six bool) (string, error) {
	name = strings.ToLower(name)
	switch name {
	case "", "tcp", "udp", "icmp":
		return name, nil
	}
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || n > 255 {
		return "", fmt.Errorf("protocol %q is unknown: use \"tcp\", \"udp\", \"icmp\", a number from 0 to 255, or leave it empty for any", name)
	}
	switch {
	case n == 6:
		return "tcp", nil
	case n == 17:
		return "udp", nil
	case n == 1 && !six, n == 58 && six:
		return "icmp", nil
	case n == 1, n == 58:
		return "", fmt.Errorf("protocol %d is ICMP of the other version of IP: use \"icmp\"", n)
	}
	return strconv.Itoa(n), nil
}

func checkPorts(r driver.SecurityRule) error {
	first, last := r.FirstPort, r.LastPort
	switch {
	case first == 0 && last == 0:
		return nil
	case r.Protocol == "icmp":
		if first < 0 || first > 255 || last < 0 || last > 255 {
			return fmt.Errorf("icmp type %d, code %d: use 0 to 255", first, last)
		}
		return nil
	case r.Protocol != "tcp" && r.Protocol != "udp":
		return fmt.Errorf("ports %d to %d of protocol %q: ports need protocol \"tcp\" or \"udp\"", first, last, r.Protocol)
	case first < 1 || last > 65535 || first > last:
		return fmt.Errorf("ports %d to %d: use 1 to 65535, the first not above the last", first, last)
	}
	return nil
}

// prefix reads an address range that has no bits set beyond its length.
func prefix(field, v string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(v)
	if err != nil || p.Addr().Is4In6() {
		return p, psn.Errorf(psn.InvalidInput, "%s %q is not an address range: write it like \"10.20.0.0/24\" or \"fd00:1::/64\"", field, v)
	}
	if p != p.Masked() {
		return p, psn.Errorf(psn.InvalidInput, "%s %q has bits set beyond its length: use %q", field, v, p.Masked())
	}
	return p, nil
}

// effect is what a rule allows, whatever is said about it. Neutron takes no
// second rule of the same effect.
func effect(r driver.SecurityRule) driver.SecurityRule {
	r.Description = ""
	switch r.CIDR {
	case "0.0.0.0/0":
		r.CIDR = ""
	case "::/0":
		r.CIDR, r.IPv6 = "", true
	}
	return r
}

func compareRules(a, b driver.SecurityRule) int {
	return cmp.Or(
		cmp.Compare(b.Direction, a.Direction), // ingress first
		cmp.Compare(a.Protocol, b.Protocol),
		cmp.Compare(a.FirstPort, b.FirstPort),
		cmp.Compare(a.LastPort, b.LastPort),
		cmp.Compare(a.CIDR, b.CIDR),
		cmp.Compare(a.Group, b.Group),
		cmp.Compare(number(a.IPv6), number(b.IPv6)),
		cmp.Compare(a.Description, b.Description),
	)
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// observedRule translates what Neutron shows; nameOf tells a group's name.
func observedRule(r rules.SecGroupRule, nameOf func(id string) string) driver.SecurityRule {
	out := driver.SecurityRule{
		Direction: r.Direction, Protocol: r.Protocol, Description: r.Description,
		FirstPort: int64(r.PortRangeMin), LastPort: int64(r.PortRangeMax),
		CIDR: r.RemoteIPPrefix,
		IPv6: r.EtherType == string(rules.EtherType6) && r.RemoteIPPrefix == "",
	}
	switch p := strings.ToLower(r.Protocol); p {
	case "any":
		out.Protocol = ""
	case "ipv6-icmp", "icmpv6", "58", "1":
		out.Protocol = "icmp"
	case "6":
		out.Protocol = "tcp"
	case "17":
		out.Protocol = "udp"
	default:
		if n, known := protocolNumbers[p]; known {
			out.Protocol = n
		}
	}
	switch {
	case r.RemoteGroupID == r.SecGroupID && r.RemoteGroupID != "":
		out.Group = selfGroup
	case r.RemoteGroupID != "":
		out.Group = nameOf(r.RemoteGroupID)
	}
	return out
}

// ruleOpts translates a canonical rule into Neutron's; idOf tells the id of a
// group of the tenant.
func ruleOpts(group string, r driver.SecurityRule, idOf func(name string) (string, error)) (rules.CreateOpts, error) {
	o := rules.CreateOpts{
		SecGroupID: group, Direction: rules.RuleDirection(r.Direction), EtherType: rules.EtherType4,
		Protocol: rules.RuleProtocol(r.Protocol), Description: r.Description,
		PortRangeMin: int(r.FirstPort), PortRangeMax: int(r.LastPort), RemoteIPPrefix: r.CIDR,
	}
	if r.IPv6 || strings.Contains(r.CIDR, ":") {
		o.EtherType = rules.EtherType6
		if r.Protocol == "icmp" {
			o.Protocol = rules.ProtocolIPv6ICMP
		}
	}
	switch r.Group {
	case "":
	case selfGroup:
		o.RemoteGroupID = group
	default:
		id, err := idOf(r.Group)
		if err != nil {
			return o, psn.Errorf(psn.InvalidInput, "a rule names group %q: %w: make it first, or use \"self\"", r.Group, err)
		}
		o.RemoteGroupID = id
	}
	return o, nil
}

// ruleChange is what makes a group's rules those declared.
type ruleChange struct {
	// Replaced go just before Added: Neutron refuses a second rule of the same
	// effect, so what differs in words only must leave first.
	Replaced []string // ids
	Added    []driver.SecurityRule
	Removed  []string // ids, after all else, so that no traffic is cut before its time
}

// diffRules compares the rules that stand, by id, with those wanted (canonical).
// Rules that are in both are in no part of the result. It is deterministic.
func diffRules(standing map[string]driver.SecurityRule, want []driver.SecurityRule) ruleChange {
	var c ruleChange
	ids := make([]string, 0, len(standing))
	for id := range standing {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(compareRules(standing[a], standing[b]), cmp.Compare(a, b))
	})
	stays := map[driver.SecurityRule]bool{}
	for _, id := range ids {
		r := standing[id]
		if slices.Contains(want, r) && !stays[r] {
			stays[r] = true
			continue
		}
		if slices.ContainsFunc(want, func(w driver.SecurityRule) bool { return effect(w) == effect(r) && !stays[w] }) {
			c.Replaced = append(c.Replaced, id)
			continue
		}
		c.Removed = append(c.Removed, id)
	}
	for _, w := range want {
		if !stays[w] {
			c.Added = append(c.Added, w)
		}
	}
	return c
}

func (c ruleChange) empty() bool { return len(c.Replaced)+len(c.Added)+len(c.Removed) == 0 }
