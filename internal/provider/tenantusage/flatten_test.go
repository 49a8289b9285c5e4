package tenantusage_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/tenantusage"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// telling is a site that tells the usage of one tenant.
type telling struct {
	driver.Site
	usage []driver.Usage
}

func (s telling) TenantUsage(_ context.Context, t psn.TenantID) ([]driver.Usage, error) {
	if t != "p_bs" {
		return nil, psn.Errorf(psn.NotFound, "no tenant %s", t)
	}
	return s.usage, nil
}

func (s telling) TenantLimits(ctx context.Context, t driver.Tenant) ([]driver.Usage, error) {
	return s.TenantUsage(ctx, t.ID)
}

// TestUsageAndLimitStayApart: what is not told is null, unlimited is null, and
// zero is zero.
func TestUsageAndLimitStayApart(t *testing.T) {
	zero, ten := int64(0), int64(10)
	at := platform.New(psn.Acilia, psn.OpenStack, "site acilia (openstack)", func(context.Context) (driver.Site, error) {
		return telling{usage: []driver.Usage{
			{Quantity: "instances", Used: 0, Limit: &ten},
			{Quantity: "vcpus", Cluster: "cl01", Used: 12, Limit: nil},
			{Quantity: "volumes", Used: -1, Limit: &zero},
		}}, nil
	})
	found, errs := tenantusage.Ask(t.Context(), []*platform.Site{at}, "p_bs")
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	got := fmt.Sprint(tenantusage.Flatten(at, found[0]))
	want := `[{"acilia" "openstack" "instances" <null> 0 10} {"acilia" "openstack" "vcpus" "cl01" 12 <null>} {"acilia" "openstack" "volumes" <null> <null> 0}]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, errs := tenantusage.Ask(t.Context(), []*platform.Site{at}, "p_mi"); !psn.Is(errs[0], psn.NotFound) {
		t.Errorf("another tenant: %v", errs[0])
	}
}
