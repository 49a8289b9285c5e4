package securitygroup_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/securitygroup"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type rule = driver.SecurityRule

func TestCanonical(t *testing.T) {
	for name, c := range map[string]struct {
		in, want rule
		err      string
	}{
		"any":               {in: rule{Direction: "egress"}, want: rule{Direction: "egress"}},
		"number of tcp":     {in: rule{Direction: "ingress", Protocol: "6", FirstPort: 22, LastPort: 22}, want: rule{Direction: "ingress", Protocol: "tcp", FirstPort: 22, LastPort: 22}},
		"upper case":        {in: rule{Protocol: "UDP"}, want: rule{Protocol: "udp"}},
		"long ipv6":         {in: rule{CIDR: "FD00:0:0::/64", IPv6: true}, want: rule{CIDR: "fd00::/64"}},
		"icmp of six":       {in: rule{Protocol: "58", IPv6: true}, want: rule{Protocol: "icmp", IPv6: true}},
		"icmp of the other": {in: rule{Protocol: "58"}, err: "other version"},
		"leading zero":      {in: rule{Protocol: "051"}, want: rule{Protocol: "51"}},
		"both sides":        {in: rule{CIDR: "10.0.0.0/8", Group: "web"}, err: "both given"},
		"a host":            {in: rule{CIDR: "10.0.0.1/8"}, err: `"10.0.0.0/8"`},
		"no range":          {in: rule{CIDR: "ten"}, err: `"ten"`},
		"four and six":      {in: rule{CIDR: "10.0.0.0/8", IPv6: true}, err: "IPv4"},
		"unknown":           {in: rule{Protocol: "http"}, err: `"http"`},
		"too large":         {in: rule{Protocol: "256"}, err: `"256"`},
		"ports of any":      {in: rule{FirstPort: 1, LastPort: 2}, err: "need protocol tcp or udp"},
		"backwards":         {in: rule{Protocol: "tcp", FirstPort: 9, LastPort: 8}, err: "9 to 8"},
		"open at one end":   {in: rule{Protocol: "tcp", LastPort: 80}, err: "0 to 80"},
		"icmp type":         {in: rule{Protocol: "icmp", FirstPort: 8}, want: rule{Protocol: "icmp", FirstPort: 8}},
		"icmp type 300":     {in: rule{Protocol: "icmp", FirstPort: 300}, err: "300"},
	} {
		got, err := securitygroup.Canonical(c.in)
		if c.err != "" {
			if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", name, err, c.err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestSpellingStays(t *testing.T) {
	seen := []rule{
		{Direction: "ingress", Protocol: "tcp", FirstPort: 443, LastPort: 443, CIDR: "10.0.0.0/8", Description: "web"},
		{Direction: "ingress", Protocol: "icmp", Group: "self"},
		{Direction: "egress", IPv6: true},
	}
	imported := securitygroup.FlattenRules(seen)
	spec, again, err := securitygroup.RoundTrip(imported, seen)
	if err != nil {
		t.Fatal(err)
	}
	less := cmpopts.SortSlices(func(a, b rule) bool { return a.Direction+a.Protocol < b.Direction+b.Protocol })
	if diff := cmp.Diff(seen, spec, less); diff != "" {
		t.Error(diff)
	}
	if !again.Equal(imported) {
		t.Errorf("read again as %s", again)
	}
	// A set that says the same in another way is not rewritten; another one is.
	other := securitygroup.FlattenRules([]rule{{Direction: "ingress", Protocol: "6", FirstPort: 443, LastPort: 443, CIDR: "10.0.0.0/8", Description: "web"}, seen[1], seen[2]})
	if _, kept, _ := securitygroup.RoundTrip(other, seen); !kept.Equal(other) {
		t.Errorf("rewritten to %s", kept)
	}
	if _, drifted, _ := securitygroup.RoundTrip(other, seen[:2]); drifted.Equal(other) || len(drifted.Elements()) != 2 {
		t.Errorf("a rule that was removed is not seen: %s", drifted)
	}
}

// TestOneDriftedRule: a rule that somebody removed or added says nothing about the
// others, which stay as they were written.
func TestOneDriftedRule(t *testing.T) {
	written := func(cidr string) attr.Value { // without last_port
		o, _ := securitygroup.FlattenRules([]rule{{Direction: "ingress", Protocol: "tcp", FirstPort: 443, LastPort: 443, CIDR: cidr}}).Elements()[0].(types.Object)
		a := o.Attributes()
		a["last_port"] = types.Int64Null()
		return types.ObjectValueMust(o.AttributeTypes(t.Context()), a)
	}
	web, db := written("10.0.0.0/8"), written("10.1.0.0/16")
	before := types.SetValueMust(web.Type(t.Context()), []attr.Value{web, db})
	stays, more := rule{Direction: "ingress", Protocol: "tcp", FirstPort: 443, LastPort: 443, CIDR: "10.0.0.0/8"}, rule{Direction: "egress"}
	_, got, err := securitygroup.RoundTrip(before, []rule{stays, more})
	want := types.SetValueMust(web.Type(t.Context()), append(securitygroup.FlattenRules([]rule{more}).Elements(), web))
	if err != nil || !got.Equal(want) {
		t.Errorf("%v, read as %s, want %s", err, got, want)
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("tcp", "10.0.0.0/8", "", int64(1), int64(2), false)
	f.Add("58", "fd00::/8", "self", int64(0), int64(0), true)
	f.Fuzz(func(t *testing.T, protocol, cidr, group string, first, last int64, six bool) {
		r, err := securitygroup.Canonical(rule{Direction: "ingress", Protocol: protocol, CIDR: cidr, Group: group, FirstPort: first, LastPort: last, IPv6: six})
		if err != nil {
			if !psn.Is(err, psn.InvalidInput) {
				t.Errorf("%v", err)
			}
			return
		}
		if again, err := securitygroup.Canonical(r); err != nil || again != r {
			t.Errorf("%+v becomes %+v, %v", r, again, err)
		}
	})
}
