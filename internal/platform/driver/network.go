package driver

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Networks makes networks of tenants. A network is known by its tenant and
// name: created again it is the one made before, when it is the same.
type Networks interface {
	// Networks lists every network a tenant may use, in a number of requests
	// that does not depend on how many there are. Sorted by tenant and name.
	Networks(ctx context.Context) ([]Network, error)
	// CreateNetwork makes a network. psn.AlreadyExists when one of that tenant
	// and name differs from spec in what cannot be changed, is not ours, or was
	// made by another process at the same time.
	CreateNetwork(ctx context.Context, spec NetworkSpec) (*Network, error)
	// UpdateNetwork changes DNS, DHCP, gateway and description in place.
	UpdateNetwork(ctx context.Context, ref string, spec NetworkSpec) (*Network, error)
	// DeleteNetwork removes a network; a missing one is success. psn.Conflict,
	// naming them, while cards are on it.
	DeleteNetwork(ctx context.Context, ref string) error
}

// NetworkSpec is a network to make. Fields for which the platform has no
// notion (NotionSubnet, NotionVLAN) must be empty: psn.Unsupported otherwise.
type NetworkSpec struct {
	Tenant      psn.TenantID
	Name        string // a DNS label, unique within the tenant at the site
	Description string

	VLAN int64 // 1 to 4094; NotionVLAN

	CIDR    string   // IPv4 or IPv6 prefix; NotionSubnet, as are the fields below
	Gateway string   // empty means the first address; "none" means no gateway
	DHCP    bool     // addresses are given out by the network
	DNS     []string // name servers, in order
	First   string   // range that cards get their addresses from; both or neither
	Last    string
	Uplink  string // external network to route to; empty means none
}

// Network is a network as observed.
type Network struct {
	NetworkSpec        // Tenant is empty for networks that are not of a tenant of ours
	Ref         string // platform's id
	Shared      bool   // every tenant may use it
}

// SecurityGroups makes sets of traffic rules.
type SecurityGroups interface {
	// SecurityGroups lists the groups of all tenants of ours, in a number of
	// requests that does not depend on how many there are.
	SecurityGroups(ctx context.Context) ([]SecurityGroup, error)
	// CreateSecurityGroup makes a group with just those rules: none that the
	// platform would add by itself. Idempotent by tenant and name; psn.AlreadyExists
	// when another process made it at the same time.
	CreateSecurityGroup(ctx context.Context, spec SecurityGroupSpec) (*SecurityGroup, error)
	// UpdateSecurityGroup adds and removes what differs from spec. Rules that
	// stay are not touched, so traffic they allow is not cut.
	UpdateSecurityGroup(ctx context.Context, ref string, spec SecurityGroupSpec) (*SecurityGroup, error)
	// DeleteSecurityGroup removes a group; a missing one is success.
	// psn.Conflict while cards use it.
	DeleteSecurityGroup(ctx context.Context, ref string) error
}

// SecurityGroupSpec is a group of rules. What no rule allows is refused.
type SecurityGroupSpec struct {
	Tenant      psn.TenantID
	Name        string
	Description string
	Rules       []SecurityRule // a set: order means nothing
}

// SecurityRule allows traffic.
type SecurityRule struct {
	Direction   string // "ingress" or "egress"
	Protocol    string // "tcp", "udp", "icmp", or a number; empty means any
	FirstPort   int64  // 0 with LastPort 0 means every port
	LastPort    int64
	CIDR        string // the other side; empty with Group empty means anyone
	Group       string // name of a group of the tenant; "self" is the group itself
	IPv6        bool   // of an empty CIDR
	Description string
}

// SecurityGroup is a group as observed, rules sorted.
type SecurityGroup struct {
	SecurityGroupSpec
	Ref string
}
