package securitygroup

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// canonical is the rule in the one spelling by which rules are compared.
func canonical(r driver.SecurityRule) (driver.SecurityRule, error) {
	bad := func(format string, args ...any) (driver.SecurityRule, error) {
		return r, psn.Errorf(psn.InvalidInput, format, args...)
	}
	six := r.IPv6
	if r.CIDR != "" {
		p, err := netip.ParsePrefix(r.CIDR)
		switch {
		case r.Group != "":
			return bad("cidr %q and group %q are both given: the other side is one of them", r.CIDR, r.Group)
		case err != nil:
			return bad("cidr %q is not an address range such as 10.20.0.0/24 or fd00::/64", r.CIDR)
		case p != p.Masked():
			return bad("cidr %q names a host: the range is %q", r.CIDR, p.Masked())
		case r.IPv6 && p.Addr().Is4():
			return bad("ipv6 is true and cidr %q is IPv4: leave one of them out", r.CIDR)
		}
		six, r.CIDR, r.IPv6 = p.Addr().Is6(), p.String(), false
	}
	protocol, err := protocolOf(r.Protocol, six)
	if err != nil {
		return r, err
	}
	r.Protocol = protocol
	return r, ports(r)
}

func protocolOf(name string, six bool) (string, error) {
	name = strings.ToLower(name)
	if slices.Contains([]string{"", "tcp", "udp", "icmp"}, name) {
		return name, nil
	}
	n, err := strconv.ParseUint(name, 10, 8)
	switch {
	case err != nil:
		return "", psn.Errorf(psn.InvalidInput, "protocol %q is unknown: use tcp, udp, icmp, a number from 0 to 255, or none for any", name)
	case n == 6:
		return "tcp", nil
	case n == 17:
		return "udp", nil
	case n == 1 && !six, n == 58 && six:
		return "icmp", nil
	case n == 1, n == 58:
		return "", psn.Errorf(psn.InvalidInput, "protocol %d is ICMP of the other version of IP: use icmp", n)
	}
	return strconv.FormatUint(n, 10), nil
}

func ports(r driver.SecurityRule) error {
	switch {
	case r.FirstPort == 0 && r.LastPort == 0:
		return nil
	case r.Protocol == "icmp":
		if r.FirstPort > 255 || r.LastPort > 255 {
			return psn.Errorf(psn.InvalidInput, "icmp type %d, code %d: use 0 to 255", r.FirstPort, r.LastPort)
		}
	case r.Protocol != "tcp" && r.Protocol != "udp":
		return psn.Errorf(psn.InvalidInput, "ports %d to %d need protocol tcp or udp", r.FirstPort, r.LastPort)
	case r.FirstPort < 1 || r.LastPort < r.FirstPort:
		return psn.Errorf(psn.InvalidInput, "ports %d to %d: use 1 to 65535, the first not above the last", r.FirstPort, r.LastPort)
	}
	return nil
}

// effect is what a rule allows, whatever is said about it.
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

// sameRules compares sets.
func sameRules(a, b []driver.SecurityRule) bool {
	count := map[driver.SecurityRule]int{}
	for _, r := range a {
		count[r]++
	}
	for _, r := range b {
		count[r]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
