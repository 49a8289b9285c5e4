package platform_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// town is a fake with tenants: it tells them, and who may work in them, in bulk.
type town struct {
	*fake
	grants []driver.Grant
	asked  *[]driver.Tenant // whose limits were asked for
}

func (w *town) EnsureTenant(_ context.Context, t driver.Tenant) error {
	w.grants = append(slices.Clone(w.grants), driver.Grant{Tenant: t.ID, Principal: t.Principal})
	return nil
}

func (w *town) DeleteTenant(_ context.Context, id psn.TenantID) error {
	w.grants = slices.DeleteFunc(slices.Clone(w.grants), func(g driver.Grant) bool { return g.Tenant == id })
	return nil
}

func (w *town) Tenants(context.Context) ([]driver.Tenant, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return []driver.Tenant{{ID: "p_bs", Name: "Brescia", Ref: "t1"}, {ID: "p_mi", Ref: "t2"}}, w.called("Tenants")
}

func (w *town) Principals(context.Context) ([]driver.Grant, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.grants, w.called("Principals")
}

func (w *town) SamePrincipal(named, told string) bool { return strings.EqualFold(named, told) }

func (w *town) TenantUsage(context.Context, psn.TenantID) ([]driver.Usage, error) { return nil, nil }

func (w *town) TenantLimits(_ context.Context, t driver.Tenant) ([]driver.Usage, error) {
	*w.asked = append(*w.asked, t)
	return nil, nil
}

func at(d driver.Site) *platform.Site {
	return platform.New(psn.Acilia, psn.OpenStack, "site acilia", func(context.Context) (driver.Site, error) { return d, nil })
}

// TestHasPrincipal reads who may work where once for all who ask, and again after
// a change of ours.
func TestHasPrincipal(t *testing.T) {
	w := &town{fake: newFake(), grants: []driver.Grant{{Tenant: "p_bs", Principal: "Rete"}}}
	s := at(w)
	has := func(id psn.TenantID, group string, want bool, reads int) {
		t.Helper()
		got, err := s.HasPrincipal(t.Context(), id, group)
		if err != nil || got != want || w.count("Principals") != reads {
			t.Errorf("%s in %s: %v, %v after %d reads, want %v after %d", group, id, got, err, w.count("Principals"), want, reads)
		}
	}
	has("p_bs", "rete", true, 1)
	has("p_mi", "rete", false, 1)
	if err := s.EnsureTenant(t.Context(), driver.Tenant{ID: "p_mi", Principal: "rete"}); err != nil {
		t.Fatal(err)
	}
	has("p_mi", "rete", true, 2)
	if err := s.DeleteTenant(t.Context(), "p_mi"); err != nil {
		t.Fatal(err)
	}
	has("p_mi", "rete", false, 3)
	s.Refresh()
	w.fail["Principals"] = []error{psn.Errorf(psn.Forbidden, "no")}
	if _, err := s.HasPrincipal(t.Context(), "p_bs", "rete"); !psn.Is(err, psn.Forbidden) {
		t.Errorf("not told, and said all the same: %v", err)
	}
	if _, err := at(newFake()).HasPrincipal(t.Context(), "p_bs", "rete"); !psn.Is(err, psn.Unsupported) {
		t.Errorf("a platform that cannot tell: %v", err)
	}
}

// TestTenantLimitsKnowTheTenant: what the list of tenants told is not asked again;
// a tenant that is not in it is looked for by the driver.
func TestTenantLimitsKnowTheTenant(t *testing.T) {
	var asked []driver.Tenant
	w := &town{fake: newFake(), asked: &asked}
	s := at(w)
	for _, id := range []psn.TenantID{"p_bs", "p_mi", "p_to"} {
		if _, err := s.TenantLimits(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	want := []driver.Tenant{{ID: "p_bs", Name: "Brescia", Ref: "t1"}, {ID: "p_mi", Ref: "t2"}, {ID: "p_to"}}
	if d := cmp.Diff(want, asked); d != "" || w.count("Tenants") != 1 {
		t.Errorf("%d lists of tenants: %s", w.count("Tenants"), d)
	}
	s.Refresh()
	w.fail["Tenants"] = []error{psn.Errorf(psn.Forbidden, "no")}
	if _, err := s.TenantLimits(t.Context(), "p_bs"); !psn.Is(err, psn.Forbidden) {
		t.Errorf("err = %v", err)
	}
}
