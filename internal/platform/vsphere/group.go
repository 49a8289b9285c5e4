package vsphere

import (
	"context"
	"slices"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Machines say by a mark of their own, written when they are made, which group
// they are of. The DRS rule of the group, one per cluster, follows from the
// marks: whoever adds or removes a machine brings the rule into line, so that two
// who do so at the same time end with the same rule.

// ruleTries bounds how often a rule that others change meanwhile is written.
const ruleTries = 5

// groupRule is a DRS rule's name.
func groupRule(tenant psn.TenantID, group string) string {
	return markPrefix + string(tenant) + "." + group
}

func checkPolicy(group string, p driver.GroupPolicy) error {
	known := []driver.GroupPolicy{driver.Apart, driver.ApartIfCan, driver.OnOneHost}
	switch {
	case group == "" && p == "":
		return nil
	case group == "":
		return psn.Errorf(psn.InvalidInput, "group policy %q is given without a group: name the group", p)
	case !slices.Contains(known, p):
		return psn.Errorf(psn.InvalidInput, "group policy %q is unknown: use %q, %q or %q", p, known[0], known[1], known[2])
	}
	return psn.CheckName("group", group)
}

// members reads the machines of a group.
func (s *Site) members(ctx context.Context, t *topology, tenant psn.TenantID, group string) ([]mo.VirtualMachine, error) {
	folder, ok := s.tenantFolder(t, tenant)
	if !ok {
		return nil, nil
	}
	content, err := s.readView(ctx, folder, map[string][]string{
		"VirtualMachine": {"name", "config.extraConfig", "runtime.host", "resourcePool", "summary.config.template"},
	})
	if err != nil {
		return nil, err
	}
	all, err := load[mo.VirtualMachine](content, "VirtualMachine")
	return slices.DeleteFunc(all, func(m mo.VirtualMachine) bool {
		values := marks(m)
		return values[keyGroup] != group || psn.VMID(values[keyID]).Tenant() != tenant || m.Summary.Config.Template
	}), err
}

// checkGroup refuses a machine that its group's policy leaves no place for.
func (s *Site) checkGroup(ctx context.Context, t *topology, c *cluster, spec driver.VMSpec) error {
	if spec.Group == "" {
		return nil
	}
	all, err := s.members(ctx, t, spec.ID.Tenant(), spec.Group)
	if err != nil {
		return err
	}
	here := 0
	for _, m := range all {
		if p := marks(m)[keyPolicy]; p != string(spec.GroupPolicy) {
			return psn.Errorf(psn.AlreadyExists, "group %q is kept as %q by machine %q, and %q is asked for: one group has one policy", spec.Group, p, m.Name, spec.GroupPolicy)
		}
		k := clusterOf(t, m)
		if k == c {
			here++
		} else if spec.GroupPolicy == driver.OnOneHost && k != nil {
			return psn.Errorf(psn.Exhausted, "group %q keeps its machines on one host, which is in cluster %q: cluster %q cannot take another", spec.Group, k.name, c.name)
		}
	}
	if hosts := len(c.usable()); spec.GroupPolicy == driver.Apart && here+1 > hosts {
		return psn.Errorf(psn.Exhausted, "group %q keeps its machines on different hosts: cluster %q has %d hosts in service and %d machines of the group", spec.Group, c.name, hosts, here)
	}
	return nil
}

// syncGroup brings the rules of a group into line with the marks of its
// machines; without is a machine that is about to go.
func (s *Site) syncGroup(ctx context.Context, tenant psn.TenantID, group string, without ref) error {
	defer s.groups.lock(string(tenant) + "/" + group)()
	for range ruleTries {
		t, err := s.topology(ctx)
		if err != nil {
			return err
		}
		all, err := s.members(ctx, t, tenant, group)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(m mo.VirtualMachine) bool { return m.Self == without })
		changed, err := s.writeRules(ctx, t, groupRule(tenant, group), all)
		if err != nil || !changed {
			return err
		}
	}
	return psn.Errorf(psn.Unavailable, "group %q is being changed by others all the time: try again", group)
}

// writeRules writes the rule of that name in each cluster where it differs.
func (s *Site) writeRules(ctx context.Context, t *topology, name string, members []mo.VirtualMachine) (changed bool, err error) {
	policy := driver.GroupPolicy("")
	want := map[ref][]ref{}
	for _, m := range members {
		if c := clusterOf(t, m); c != nil {
			want[c.self] = append(want[c.self], m.Self)
		}
		policy = driver.GroupPolicy(marks(m)[keyPolicy])
	}
	rules, err := s.rules(ctx, t, name)
	if err != nil {
		return false, err
	}
	for _, c := range t.clusters {
		change := ruleChange(name, policy, want[c.self], rules[c.self])
		if change == nil || c.self.Type != "ClusterComputeResource" {
			continue
		}
		changed = true
		res, err := methods.ReconfigureComputeResource_Task(ctx, s.conn.vim, &types.ReconfigureComputeResource_Task{
			This: c.self, Modify: true, Spec: &types.ClusterConfigSpecEx{RulesSpec: []types.ClusterRuleSpec{*change}},
		})
		if err == nil {
			_, err = s.wait(ctx, res.Returnval)
		}
		// What another process did to the same rule meanwhile is seen at the next round.
		if err != nil && !isFault[types.InvalidArgument](err) && !isFault[types.DuplicateName](err) {
			return false, err
		}
	}
	return changed, nil
}

// rules reads the rule of that name in every cluster.
func (s *Site) rules(ctx context.Context, t *topology, name string) (map[ref]types.BaseClusterRuleInfo, error) {
	var refs []ref
	for _, c := range t.clusters {
		if c.self.Type == "ClusterComputeResource" {
			refs = append(refs, c.self)
		}
	}
	content, err := s.readObjects(ctx, "ClusterComputeResource", []string{"configurationEx"}, refs)
	if err != nil {
		return nil, err
	}
	read, err := load[mo.ClusterComputeResource](content, "ClusterComputeResource")
	found := map[ref]types.BaseClusterRuleInfo{}
	for _, c := range read {
		cfg, ok := c.ConfigurationEx.(*types.ClusterConfigInfoEx)
		if !ok {
			continue
		}
		for _, r := range cfg.Rule {
			if r.GetClusterRuleInfo().Name == name {
				found[c.Self] = r
			}
		}
	}
	return found, err
}

// ruleChange is what makes the rule hold just the machines wanted; nil when it
// does. A rule needs two machines.
func ruleChange(name string, policy driver.GroupPolicy, want []ref, rule types.BaseClusterRuleInfo) *types.ClusterRuleSpec {
	if len(want) < 2 {
		if rule == nil {
			return nil
		}
		return &types.ClusterRuleSpec{ArrayUpdateSpec: types.ArrayUpdateSpec{
			Operation: types.ArrayUpdateOperationRemove, RemoveKey: rule.GetClusterRuleInfo().Key,
		}}
	}
	yes, hard := true, policy != driver.ApartIfCan
	info := types.ClusterRuleInfo{Name: name, Enabled: &yes, Mandatory: &hard, UserCreated: &yes}
	op := types.ArrayUpdateOperationAdd
	if rule != nil {
		if sameRefs(machinesOf(rule), want) && on(rule.GetClusterRuleInfo().Enabled) && on(rule.GetClusterRuleInfo().Mandatory) == hard {
			return nil
		}
		op = types.ArrayUpdateOperationEdit
		info.Key, info.RuleUuid = rule.GetClusterRuleInfo().Key, rule.GetClusterRuleInfo().RuleUuid
	}
	change := &types.ClusterRuleSpec{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: op}}
	if policy == driver.OnOneHost {
		change.Info = &types.ClusterAffinityRuleSpec{ClusterRuleInfo: info, Vm: want}
	} else {
		change.Info = &types.ClusterAntiAffinityRuleSpec{ClusterRuleInfo: info, Vm: want}
	}
	return change
}

func machinesOf(rule types.BaseClusterRuleInfo) []ref {
	switch r := rule.(type) {
	case *types.ClusterAffinityRuleSpec:
		return r.Vm
	case *types.ClusterAntiAffinityRuleSpec:
		return r.Vm
	}
	return nil
}

func on(b *bool) bool { return b != nil && *b }

func sameRefs(a, b []ref) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(r ref) bool { return !slices.Contains(b, r) })
}
