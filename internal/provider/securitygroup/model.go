package securitygroup

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type model struct {
	located.Base
	Description types.String `tfsdk:"description"`
	Rules       types.Set    `tfsdk:"rules"`
}

var ruleType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"direction": types.StringType, "protocol": types.StringType,
	"first_port": types.Int64Type, "last_port": types.Int64Type,
	"cidr": types.StringType, "group": types.StringType,
	"ipv6": types.BoolType, "description": types.StringType,
}}

// Validate implements located.Object.
func (group) Validate(c model) diag.Diagnostics {
	var diags diag.Diagnostics
	if !c.Platform.IsUnknown() && !c.Platform.IsNull() {
		if err := driver.NotionSecurityGroup.On(c.On()); err != nil {
			diags.Append(diagnose.UnableAt(path.Root("platform"), "plan", "the security group", psn.Errorf(psn.InvalidInput, "%w", err)))
			return diags
		}
	}
	allowed := map[driver.SecurityRule]bool{}
	for _, e := range c.Rules.Elements() {
		if !known(e) {
			continue
		}
		r, err := canonical(expandRule(e))
		if err == nil && allowed[effect(r)] {
			err = psn.Errorf(psn.InvalidInput, "two rules allow the same traffic (%s %s): keep one of them", r.Direction, r.Protocol)
		}
		allowed[effect(r)] = true
		if err != nil {
			diags.Append(diagnose.UnableAt(path.Root("rules").AtSetValue(e), "plan", "the security group", err))
		}
	}
	return diags
}

// known tells whether every part of a rule is.
func known(e attr.Value) bool {
	o, ok := e.(types.Object)
	if !ok || o.IsUnknown() {
		return false
	}
	for _, v := range o.Attributes() {
		if v.IsUnknown() {
			return false
		}
	}
	return true
}

// Plan implements located.Object.
func (group) Plan(_ model, _ *model, _ *model) ([]path.Path, diag.Diagnostics) { return nil, nil }

func (m *model) expand() (driver.SecurityGroupSpec, error) {
	spec := driver.SecurityGroupSpec{Tenant: m.Tenant(), Name: m.Name.ValueString(), Description: m.Description.ValueString()}
	var err error
	spec.Rules, err = expandRules(m.Rules)
	return spec, err
}

func expandRules(set types.Set) ([]driver.SecurityRule, error) {
	var out []driver.SecurityRule
	for _, e := range set.Elements() {
		r, err := canonical(expandRule(e))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func expandRule(e attr.Value) driver.SecurityRule {
	o, _ := e.(types.Object)
	a := o.Attributes()
	text := func(name string) string { v, _ := a[name].(types.String); return v.ValueString() }
	port := func(name string) types.Int64 { v, _ := a[name].(types.Int64); return v }
	six, _ := a["ipv6"].(types.Bool)
	r := driver.SecurityRule{
		Direction: text("direction"), Protocol: text("protocol"),
		FirstPort: port("first_port").ValueInt64(), LastPort: port("last_port").ValueInt64(),
		CIDR: text("cidr"), Group: text("group"), IPv6: six.ValueBool(), Description: text("description"),
	}
	if port("last_port").IsNull() && r.Protocol != "icmp" {
		r.LastPort = r.FirstPort
	}
	return r
}

// flatten takes over what is observed. Each rule that is only spelled in another
// way stays as it was written, whatever became of the others.
func (m *model) flatten(g driver.SecurityGroup) {
	m.Ref = types.StringValue(g.Ref)
	m.Description = located.Optional(g.Description)
	seen := make([]driver.SecurityRule, len(g.Rules))
	for i, r := range g.Rules {
		if c, err := canonical(r); err == nil {
			r = c
		}
		seen[i] = r
	}
	if was, err := expandRules(m.Rules); err == nil && !m.Rules.IsNull() && sameRules(was, seen) {
		return
	}
	written := map[driver.SecurityRule]attr.Value{}
	for _, e := range m.Rules.Elements() {
		if r, err := canonical(expandRule(e)); err == nil {
			written[r] = e
		}
	}
	elems := make([]attr.Value, len(seen))
	for i, r := range seen {
		elems[i] = flattenRule(r)
		if e, ok := written[r]; ok {
			elems[i] = e
		}
	}
	m.Rules = types.SetValueMust(ruleType, elems)
}

func flattenRule(r driver.SecurityRule) types.Object {
	first, last, six := types.Int64Null(), types.Int64Null(), types.BoolNull()
	if r.FirstPort != 0 || r.LastPort != 0 {
		first, last = types.Int64Value(r.FirstPort), types.Int64Value(r.LastPort)
	}
	if r.IPv6 {
		six = types.BoolValue(true)
	}
	return types.ObjectValueMust(ruleType.AttrTypes, map[string]attr.Value{
		"direction": types.StringValue(r.Direction), "protocol": located.Optional(r.Protocol),
		"first_port": first, "last_port": last, "cidr": located.Optional(r.CIDR), "group": located.Optional(r.Group),
		"ipv6": six, "description": located.Optional(r.Description),
	})
}
