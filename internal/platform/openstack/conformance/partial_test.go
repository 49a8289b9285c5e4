package conformance_test

import (
	"context"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestOneServiceGone: while one service of a region gives no answer, half a
// region is told as none, what does not need the service goes on, and a machine
// that was begun is completed when the service is back.
func TestOneServiceGone(t *testing.T) {
	t.Parallel()
	for service, c := range map[string]struct {
		named string
		works func(context.Context, *openstack.Site) error
	}{
		"volumev3": {"block storage", func(ctx context.Context, s *openstack.Site) error { _, err := s.Networks(ctx); return err }},
		"network":  {"network", func(ctx context.Context, s *openstack.Site) error { _, err := s.Volumes(ctx); return err }},
		"compute":  {"compute", func(ctx context.Context, s *openstack.Site) error { _, err := s.Images(ctx); return err }},
	} {
		t.Run(service, func(t *testing.T) {
			cfg, f := fronted(t, claim(t))
			s := openLab(t, cfg)
			id := tenantOn(t, cfg, s)
			ctx := bounded(t)
			f.cut(openstacklab.Find(t).Site(t, cfg.Site).Endpoints[service])
			inv, err := s.Inventory(ctx)
			if inv != nil || !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), c.named) {
				t.Errorf("inventory: %+v, %v", inv, err)
			}
			if err := c.works(ctx, s); err != nil {
				t.Errorf("what does not need it: %v", err)
			}
			spec := small(t, cfg.Site, id, "begun")
			if ref, err := s.CreateVM(ctx, spec); !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), c.named) {
				t.Errorf("a machine: %q, %v", ref, err)
			}
			f.cut("")
			ref, err := s.CreateVM(ctx, spec)
			if err != nil {
				t.Fatal(err)
			}
			if left, err := s.TenantLeftovers(ctx, id); err != nil || len(left) != 2 { // the server and its disk
				t.Errorf("stands: %q, %v", left, err)
			}
			if inv, err = s.Inventory(ctx); err != nil || inv == nil {
				t.Fatalf("inventory: %v", err)
			}
			n := 0
			for _, vm := range inv.VMs {
				if vm.ID == spec.ID && vm.Ref == ref {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d machines", n)
			}
		})
	}
}
