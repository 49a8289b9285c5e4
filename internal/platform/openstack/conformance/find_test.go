package conformance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/tags"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestFoundWhateverItIsCalled: a machine whose tag people took off and that they
// gave another name is found all the same, and no second one is made.
func TestFoundWhateverItIsCalled(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	id := tenantOn(t, cfg, s)
	ctx := bounded(t)
	spec := small(t, cfg.Site, id, "lost")
	ref, err := s.CreateVM(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.TenantLeftovers(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	c, err := (&admin{cfg: cfg}).compute(ctx, string(id))
	if err != nil {
		t.Fatal(err)
	}
	if err := tags.DeleteAll(ctx, c, ref).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	if _, err := servers.Update(ctx, c, ref, servers.UpdateOpts{Name: "found"}).Extract(); err != nil {
		t.Fatal(err)
	}
	other := openLab(t, cfg)
	vm, err := other.FindVM(ctx, spec.ID)
	if err != nil || vm.Ref != ref || vm.ID != spec.ID || vm.Name != "found" {
		t.Errorf("%+v, %v", vm, err)
	}
	if again, err := other.CreateVM(ctx, spec); err == nil && again != ref {
		t.Errorf("made again as %s", again)
	}
	after, err := s.TenantLeftovers(ctx, id)
	if err != nil || len(after) != len(before) {
		t.Errorf("of %q stand %q, %v", before, after, err)
	}
	if err := s.DeleteVM(ctx, ref); err != nil {
		t.Fatal(err)
	}
	_, err = other.FindVM(ctx, spec.ID)
	if d := cmp.Diff(psn.NotFound, psn.CodeOf(err)); d != "" {
		t.Errorf("%v: %s", err, d)
	}
}
