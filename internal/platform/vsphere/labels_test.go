package vsphere_test

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// attached reads, with a client of the test's own, the tags of a machine as
// "category=name".
func attached(t *testing.T, endpoint string, ref string) []string {
	t.Helper()
	ctx := bounded(t)
	m := vapi(t, endpoint)
	list, err := m.GetAttachedTags(ctx, types.ManagedObjectReference{Type: "VirtualMachine", Value: ref})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, tag := range list {
		cat, err := m.GetCategory(ctx, tag.CategoryID)
		if err != nil {
			t.Fatal(err)
		}
		if cat.Cardinality != "SINGLE" {
			t.Errorf("category %s has cardinality %s", cat.Name, cat.Cardinality)
		}
		out = append(out, cat.Name+"="+tag.Name)
	}
	slices.Sort(out)
	return out
}

func TestTagsFollowTheLabels(t *testing.T) {
	cfg := config(t, sim(t, 0))
	s := open(t, cfg)
	ctx := bounded(t)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	ref, err := s.CreateVM(ctx, spec("p_bs/protocollo-1"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"psn-tenant": "p_bs", "psn-service": "p_bs/protocollo", "psn-classification": "critical"}
	check := func() {
		t.Helper()
		var lines []string
		for k, v := range want {
			lines = append(lines, k+"="+v)
		}
		slices.Sort(lines)
		if d := cmp.Diff(lines, attached(t, cfg.Endpoint, ref)); d != "" {
			t.Error(d)
		}
	}
	check()
	labels := driver.Labels{Service: "p_bs/anagrafe", Classification: psn.Strategic, Role: psn.RoleActive}
	// Another process changes them: it knows no tag ids yet.
	if err := open(t, cfg).UpdateVM(ctx, ref, driver.VMChange{Labels: &labels}); err != nil {
		t.Fatal(err)
	}
	maps.Copy(want, map[string]string{"psn-service": "p_bs/anagrafe", "psn-classification": "strategic"})
	check()
	// And back, by the process that made them.
	back := spec("p_bs/protocollo-1").Labels
	if err := s.UpdateVM(ctx, ref, driver.VMChange{Labels: &back}); err != nil {
		t.Fatal(err)
	}
	maps.Copy(want, map[string]string{"psn-service": "p_bs/protocollo", "psn-classification": "critical"})
	check()
}

func TestSecondMachineCostsFewRequests(t *testing.T) {
	s, m := metered(t, config(t, sim(t, 0)))
	ctx := bounded(t)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateVM(ctx, spec("p_bs/a")); err != nil {
		t.Fatal(err)
	}
	m.reset()
	if _, err := s.CreateVM(ctx, spec("p_bs/b")); err != nil {
		t.Fatal(err)
	}
	// Free space of datastores, the call, its task (polled), its disks' names (a read
	// and a task), tags.
	if m.requests > 10 {
		t.Errorf("a further machine cost %d requests", m.requests)
	}
}

// vapi is a client of the test's own for the simulator's tags.
func vapi(t *testing.T, endpoint string) *tags.Manager {
	t.Helper()
	ctx := bounded(t)
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	vc, err := vim25.NewClient(ctx, soap.NewClient(u, true)) // the test's own simulator on loopback
	if err != nil {
		t.Fatal(err)
	}
	c := rest.NewClient(vc)
	if err := c.Login(ctx, url.UserPassword(user, secret)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Logout(context.Background()) })
	return tags.NewManager(c)
}

// TestDeletedTagsAreMadeAgain deletes tags, then categories, behind the back of
// a process that remembers their ids.
func TestDeletedTagsAreMadeAgain(t *testing.T) {
	cfg := config(t, sim(t, 0))
	s := open(t, cfg)
	ctx := bounded(t)
	m := vapi(t, cfg.Endpoint)
	want := []string{"psn-classification=critical", "psn-service=p_bs/protocollo", "psn-tenant=p_bs"}
	create := func(id psn.VMID) {
		t.Helper()
		if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
			t.Fatal(err)
		}
		ref, err := s.CreateVM(ctx, spec(id))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, attached(t, cfg.Endpoint, ref)); d != "" {
			t.Error(d)
		}
	}
	create("p_bs/a")
	all, err := m.GetTags(ctx)
	if err != nil || len(all) != 3 {
		t.Fatalf("tags: %v, %v", all, err)
	}
	for _, tag := range all {
		if err := m.DeleteTag(ctx, &tag); err != nil {
			t.Fatal(err)
		}
	}
	create("p_bs/b")
	categories, err := m.GetCategories(ctx)
	if err != nil || len(categories) != 3 {
		t.Fatalf("categories: %v, %v", categories, err)
	}
	for _, c := range categories {
		if err := m.DeleteCategory(ctx, &c); err != nil {
			t.Fatal(err)
		}
	}
	create("p_bs/c")
}
