package platformtest

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// sweep removes all that the tenant has, over connections of its own: that of
// the test may be broken on purpose. A busy endpoint is asked again.
func (h *Harness) sweep(t testing.TB, id psn.TenantID) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var err error
	for range 5 {
		if err = h.sweepOnce(ctx, id); err == nil {
			return
		}
		t.Logf("clean up, once more: %v", err)
		time.Sleep(2 * time.Second)
	}
	t.Errorf("clean up: %v", err)
}

func (h *Harness) sweepOnce(ctx context.Context, id psn.TenantID) error {
	s, err := h.Open(ctx, Access{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()
	if there, err := s.TenantExists(ctx, id); err != nil || !there {
		return err
	}
	inv, err := s.Inventory(ctx)
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(4)
	for _, vm := range inv.VMs {
		if vm.ID.Tenant() == id {
			g.Go(func() error { return s.DeleteVM(ctx, vm.Ref) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if o, ok := s.(driver.Volumes); ok {
		if err := removeEach(ctx, o.Volumes, func(v driver.Volume) string { return v.Ref },
			func(v driver.Volume) bool { return v.Tenant == id }, o.DeleteVolume); err != nil {
			return err
		}
	}
	if o, ok := s.(driver.ImageUpload); ok {
		if err := removeEach(ctx, s.(driver.Images).Images, func(v driver.Image) string { return v.Ref },
			func(v driver.Image) bool { return v.Tenant == id }, o.DeleteImage); err != nil {
			return err
		}
	}
	if o, ok := s.(driver.Networks); ok {
		if err := removeEach(ctx, o.Networks, func(v driver.Network) string { return v.Ref },
			func(v driver.Network) bool { return v.Tenant == id }, o.DeleteNetwork); err != nil {
			return err
		}
	}
	if o, ok := s.(driver.SecurityGroups); ok {
		if err := removeEach(ctx, o.SecurityGroups, func(v driver.SecurityGroup) string { return v.Ref },
			func(v driver.SecurityGroup) bool { return v.Tenant == id && v.Name != "default" }, o.DeleteSecurityGroup); err != nil {
			return err
		}
	}
	return s.DeleteTenant(ctx, id)
}

// removeEach lists objects and removes those that are meant.
func removeEach[T any](ctx context.Context, list func(context.Context) ([]T, error), ref func(T) string, meant func(T) bool, remove func(context.Context, string) error) error {
	all, err := list(ctx)
	if err != nil {
		return err
	}
	for _, v := range all {
		if !meant(v) {
			continue
		}
		if err := remove(ctx, ref(v)); err != nil {
			return err
		}
	}
	return nil
}
