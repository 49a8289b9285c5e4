package openstack

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestCanonicalRules(t *testing.T) {
	https := driver.SecurityRule{Direction: "ingress", Protocol: "tcp", FirstPort: 443, LastPort: 443, CIDR: "10.0.0.0/8"}
	for name, c := range map[string]struct {
		in   []driver.SecurityRule
		want []driver.SecurityRule
		says string // of the error
	}{
		"as it is":         {in: []driver.SecurityRule{https}, want: []driver.SecurityRule{https}},
		"twice":            {in: []driver.SecurityRule{https, https}, want: []driver.SecurityRule{https}},
		"by number":        {in: []driver.SecurityRule{{Direction: "Ingress", Protocol: "6", FirstPort: 443, LastPort: 443, CIDR: "10.0.0.0/8"}}, want: []driver.SecurityRule{https}},
		"icmp of IPv6":     {in: []driver.SecurityRule{{Direction: "egress", Protocol: "58", CIDR: "fd00::/8", IPv6: true}}, want: []driver.SecurityRule{{Direction: "egress", Protocol: "icmp", CIDR: "fd00::/8"}}},
		"ingress first":    {in: []driver.SecurityRule{{Direction: "egress"}, https}, want: []driver.SecurityRule{https, {Direction: "egress"}}},
		"same in words":    {in: []driver.SecurityRule{https, {Direction: "ingress", Protocol: "tcp", FirstPort: 443, LastPort: 443, CIDR: "10.0.0.0/8", Description: "web"}}, says: "rule 1 allows what rule 0"},
		"anyone twice":     {in: []driver.SecurityRule{{Direction: "egress"}, {Direction: "egress", CIDR: "0.0.0.0/0"}}, says: "rule 1 allows what rule 0"},
		"anyone of IPv6":   {in: []driver.SecurityRule{{Direction: "egress", IPv6: true}, {Direction: "egress", CIDR: "::/0"}}, says: "rule 1 allows what rule 0"},
		"direction":        {in: []driver.SecurityRule{{Direction: "in"}}, says: `rule 0: direction "in"`},
		"two other sides":  {in: []driver.SecurityRule{{Direction: "egress", CIDR: "10.0.0.0/8", Group: "web"}}, says: `group "web"`},
		"host bits":        {in: []driver.SecurityRule{{Direction: "egress", CIDR: "10.0.0.1/8"}}, says: `use "10.0.0.0/8"`},
		"no range":         {in: []driver.SecurityRule{{Direction: "egress", CIDR: "10.0.0.1"}}, says: `cidr "10.0.0.1"`},
		"version":          {in: []driver.SecurityRule{{Direction: "egress", CIDR: "10.0.0.0/8", IPv6: true}}, says: "ipv6 is set"},
		"icmp version":     {in: []driver.SecurityRule{{Direction: "egress", Protocol: "58"}}, says: `use "icmp"`},
		"unknown protocol": {in: []driver.SecurityRule{{Direction: "egress", Protocol: "http"}}, says: `protocol "http"`},
		"ports of nothing": {in: []driver.SecurityRule{{Direction: "egress", FirstPort: 80, LastPort: 80}}, says: "ports need protocol"},
		"ports reversed":   {in: []driver.SecurityRule{{Direction: "egress", Protocol: "tcp", FirstPort: 81, LastPort: 80}}, says: "ports 81 to 80"},
		"first port alone": {in: []driver.SecurityRule{{Direction: "egress", Protocol: "tcp", FirstPort: 81}}, says: "ports 81 to 0"},
		"icmp type":        {in: []driver.SecurityRule{{Direction: "egress", Protocol: "icmp", FirstPort: 256}}, says: "icmp type 256"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := canonicalRules(c.in)
			if c.says != "" {
				if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("err = %v; it should say %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRuleThereAndBack: what is sent to Neutron, shown by it, is the rule that
// was declared.
func TestRuleThereAndBack(t *testing.T) {
	idOf := func(name string) (string, error) {
		if name == "nix" {
			return "", errors.New("there is none")
		}
		return "id-" + name, nil
	}
	nameOf := func(id string) string { return strings.TrimPrefix(id, "id-") }
	for _, r := range []driver.SecurityRule{
		{Direction: "ingress", Protocol: "tcp", FirstPort: 1, LastPort: 65535, Group: "self", Description: "all"},
		{Direction: "ingress", Protocol: "icmp", FirstPort: 8, Group: "web"},
		{Direction: "ingress", Protocol: "icmp", CIDR: "fd00::/8"},
		{Direction: "egress", IPv6: true},
		{Direction: "egress", Protocol: "132", IPv6: true, Group: "self"},
		{Direction: "egress", CIDR: "0.0.0.0/0"},
	} {
		canonical, err := canonicalRule(r)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		o, err := ruleOpts("own", canonical, idOf)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		shown := rules.SecGroupRule{
			Direction: string(o.Direction), EtherType: string(o.EtherType), SecGroupID: "own", Description: o.Description,
			PortRangeMin: o.PortRangeMin, PortRangeMax: o.PortRangeMax, Protocol: string(o.Protocol),
			RemoteGroupID: o.RemoteGroupID, RemoteIPPrefix: o.RemoteIPPrefix,
		}
		if d := cmp.Diff(canonical, observedRule(shown, nameOf)); d != "" {
			t.Errorf("%+v came back otherwise: %s", r, d)
		}
	}
	_, err := ruleOpts("own", driver.SecurityRule{Direction: "egress", Group: "nix"}, idOf)
	if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), `"nix"`) {
		t.Errorf("an unknown group: %v", err)
	}
	if got := observedRule(rules.SecGroupRule{Direction: "egress", Protocol: "sctp"}, nameOf); got.Protocol != "132" {
		t.Errorf("sctp is shown as %q", got.Protocol)
	}
}

func TestDiffRules(t *testing.T) {
	a := driver.SecurityRule{Direction: "ingress", Protocol: "tcp", FirstPort: 80, LastPort: 80}
	b := driver.SecurityRule{Direction: "ingress", Protocol: "tcp", FirstPort: 443, LastPort: 443}
	e := driver.SecurityRule{Direction: "egress"}
	reworded := a
	reworded.Description = "web"
	anyone := e
	anyone.CIDR = "0.0.0.0/0"
	for name, c := range map[string]struct {
		standing map[string]driver.SecurityRule
		want     []driver.SecurityRule
		change   ruleChange
	}{
		"the same":    {map[string]driver.SecurityRule{"1": a, "2": b}, []driver.SecurityRule{b, a}, ruleChange{}},
		"platform's":  {map[string]driver.SecurityRule{"1": e, "2": {Direction: "egress", IPv6: true}}, []driver.SecurityRule{a}, ruleChange{Added: []driver.SecurityRule{a}, Removed: []string{"1", "2"}}},
		"one more":    {map[string]driver.SecurityRule{"1": a}, []driver.SecurityRule{a, b}, ruleChange{Added: []driver.SecurityRule{b}}},
		"one less":    {map[string]driver.SecurityRule{"1": a, "2": b}, []driver.SecurityRule{a}, ruleChange{Removed: []string{"2"}}},
		"reworded":    {map[string]driver.SecurityRule{"1": a, "2": b}, []driver.SecurityRule{b, reworded}, ruleChange{Replaced: []string{"1"}, Added: []driver.SecurityRule{reworded}}},
		"anyone":      {map[string]driver.SecurityRule{"1": e}, []driver.SecurityRule{anyone}, ruleChange{Replaced: []string{"1"}, Added: []driver.SecurityRule{anyone}}},
		"none":        {map[string]driver.SecurityRule{"2": b, "1": a}, nil, ruleChange{Removed: []string{"1", "2"}}},
		"seen double": {map[string]driver.SecurityRule{"1": a, "2": a}, []driver.SecurityRule{a}, ruleChange{Removed: []string{"2"}}},
	} {
		if d := cmp.Diff(c.change, diffRules(c.standing, c.want)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestDiffRulesProperty: applying the change gives just the rules wanted, at no
// moment two of one effect, and never touches one that stays.
func TestDiffRulesProperty(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same each time
	draw := func() []driver.SecurityRule {
		var out []driver.SecurityRule
		for range random.IntN(8) {
			port := int64(random.IntN(6))
			out = append(out, driver.SecurityRule{
				Direction: []string{"ingress", "egress"}[random.IntN(2)], Protocol: "tcp", FirstPort: port + 1, LastPort: port + 1,
				CIDR: []string{"", "0.0.0.0/0", "10.0.0.0/8"}[random.IntN(3)], Description: []string{"", "x"}[random.IntN(2)],
			})
		}
		return out
	}
	tried := 0
	for range 5000 {
		before, err := canonicalRules(draw())
		if err != nil {
			continue
		}
		want, err := canonicalRules(draw())
		if err != nil {
			continue
		}
		tried++
		standing := map[string]driver.SecurityRule{}
		for i, r := range before {
			standing[string(rune('a'+i))] = r
		}
		c := diffRules(standing, want)
		for _, id := range slices.Concat(c.Replaced, c.Removed) {
			if slices.Contains(want, standing[id]) {
				t.Fatalf("%+v stays and was touched", standing[id])
			}
		}
		var now []driver.SecurityRule
		for id, r := range standing {
			if !slices.Contains(c.Replaced, id) {
				now = append(now, r)
			}
		}
		for _, r := range c.Added {
			if slices.ContainsFunc(now, func(o driver.SecurityRule) bool { return effect(o) == effect(r) }) {
				t.Fatalf("%+v is added beside one of the same effect", r)
			}
			now = append(now, r)
		}
		now = slices.DeleteFunc(now, func(r driver.SecurityRule) bool {
			return slices.ContainsFunc(c.Removed, func(id string) bool { return standing[id] == r })
		})
		slices.SortFunc(now, compareRules)
		if !slices.Equal(now, want) {
			t.Fatalf("from %+v by %+v came %+v, want %+v", before, c, now, want)
		}
	}
	if tried < 1000 {
		t.Fatalf("only %d cases", tried)
	}
}

func FuzzCanonicalRule(f *testing.F) {
	f.Add("ingress", "tcp", int64(80), int64(81), "10.0.0.0/8", "", false)
	f.Add("egress", "58", int64(0), int64(0), "::/0", "", true)
	f.Add("egress", "icmp", int64(8), int64(0), "", "self", false)
	f.Fuzz(func(t *testing.T, direction, protocol string, first, last int64, cidr, group string, six bool) {
		r, err := canonicalRule(driver.SecurityRule{Direction: direction, Protocol: protocol, FirstPort: first, LastPort: last, CIDR: cidr, Group: group, IPv6: six})
		if err != nil {
			return
		}
		again, err := canonicalRule(r)
		if err != nil || again != r {
			t.Fatalf("%+v is canonical, and again %+v, %v", r, again, err)
		}
	})
}
