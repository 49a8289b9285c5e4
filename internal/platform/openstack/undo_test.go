package openstack_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// networkSite is a region in which networks can be made.
type networkSite struct {
	*cloud
	nets, subnets, routers, groups *store
}

func newNetworkSite(t *testing.T) *networkSite {
	t.Helper()
	c := newCloudWith(t, `{"projects": [{"id": "t1", "name": "p_bs", "enabled": true, "tags": ["psn", "site:acilia"]}]}`)
	s := &networkSite{cloud: c}
	s.nets = c.keep("/network/v2.0/networks", "/network/v2.0/networks", "network", "n")
	s.subnets = c.keep("/network/v2.0/subnets", "/network/v2.0/subnets", "subnet", "b")
	s.routers = c.keep("/network/v2.0/routers", "/network/v2.0/routers", "router", "r")
	s.groups = c.keep("/network/v2.0/security-groups", "/network/v2.0/security-groups", "security_group", "g")
	return s
}

// TestRefusedNetworkLeavesNothing: a refusal says that nothing was made, so that
// nothing may be left; what an earlier call made stays and is named.
func TestRefusedNetworkLeavesNothing(t *testing.T) {
	spec := driver.NetworkSpec{Tenant: "p_bs", Name: "front", CIDR: "10.0.0.0/24"}
	for name, c := range map[string]struct {
		before func(*networkSite)
		status int
		code   psn.Code
		left   int
		says   string
	}{
		"refused":   {func(*networkSite) {}, http.StatusBadRequest, psn.InvalidInput, 0, "overlaps"},
		"full":      {func(*networkSite) {}, http.StatusConflict, psn.Conflict, 0, "overlaps"},
		"no answer": {func(*networkSite) {}, http.StatusGatewayTimeout, psn.Unavailable, 1, ""},
		"stood already": {func(s *networkSite) {
			s.nets.put(object{"id": "old", "name": "front", "project_id": "t1", "description": "psn: being made"})
		}, http.StatusBadRequest, psn.InvalidInput, 1, "network old"},
		"cannot be removed": {func(s *networkSite) { s.nets.keeps = true }, http.StatusBadRequest, psn.InvalidInput, 1, "network n1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newNetworkSite(t)
			c.before(s)
			s.subnets.refuse, s.subnets.said = c.status, "Invalid input: overlaps"
			_, err := open(t, s.config(t)).CreateNetwork(bounded(t), spec)
			if !psn.Is(err, c.code) || !strings.Contains(err.Error(), c.says) || len(s.nets.ids()) != c.left {
				t.Errorf("left %v: %v", s.nets.ids(), err)
			}
		})
	}
}

func TestRefusedSecurityGroupLeavesNothing(t *testing.T) {
	rule := driver.SecurityRule{Direction: "ingress", Protocol: "tcp", FirstPort: 80, LastPort: 80, CIDR: "10.0.0.0/8"}
	spec := driver.SecurityGroupSpec{Tenant: "p_bs", Name: "web", Rules: []driver.SecurityRule{rule}}
	s := newNetworkSite(t)
	rules := s.keep("/network/v2.0/security-group-rules", "/network/v2.0/security-group-rules", "security_group_rule", "x")
	rules.refuse, rules.said = http.StatusBadRequest, "no such protocol"
	at := open(t, s.config(t))
	if _, err := at.CreateSecurityGroup(bounded(t), spec); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "no such protocol") {
		t.Errorf("err = %v", err)
	}
	if d := cmp.Diff([]string{}, s.groups.ids()); d != "" {
		t.Error(d)
	}
	s.groups.put(object{"id": "old", "name": "web", "project_id": "t1", "description": "psn: being made"})
	if _, err := at.CreateSecurityGroup(bounded(t), spec); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "security group old") {
		t.Errorf("err = %v", err)
	}
	if d := cmp.Diff([]string{"old"}, s.groups.ids()); d != "" {
		t.Error(d)
	}
}
