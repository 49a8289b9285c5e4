package securitygroup

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// RoundTrip makes the rules of the spec of a set and the set that a group with
// those rules is read as.
func RoundTrip(before types.Set, seen []driver.SecurityRule) ([]driver.SecurityRule, types.Set, error) {
	m := model{Rules: before}
	spec, err := m.expand()
	m.flatten(driver.SecurityGroup{SecurityGroupSpec: driver.SecurityGroupSpec{Rules: seen}})
	return spec.Rules, m.Rules, err
}

// FlattenRules is the set of rules as imported.
func FlattenRules(seen []driver.SecurityRule) types.Set {
	var m model
	m.flatten(driver.SecurityGroup{SecurityGroupSpec: driver.SecurityGroupSpec{Rules: seen}})
	return m.Rules
}

// Canonical is the one spelling of a rule.
var Canonical = canonical
