package openstack_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// asked counts the requests to the identity service.
func (c *cloud) asked() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for request, times := range c.seen {
		if strings.Contains(request, " /identity/") {
			n += times
		}
	}
	return n
}

// TestTenantsAreReadInBulk: looking for six tenants at a time costs what looking
// for one does.
func TestTenantsAreReadInBulk(t *testing.T) {
	cost := map[int]int{}
	for _, n := range []int{1, 6} {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"id": "t%d", "name": "p_b%d", "description": "Provincia %d", "tags": ["psn", "site:acilia"]}`, i, i, i))
		}
		all = append(all, `{"id": "x", "name": "p_xx", "tags": ["psn", "site:rozzano"]}`)
		c := newCloudWith(t, `{"projects": [`+strings.Join(all, ",")+`]}`)
		cfg := c.config(t)
		at := platform.New(psn.Acilia, psn.OpenStack, "acilia", func(context.Context) (driver.Site, error) { return open(t, cfg), nil })
		ctx := bounded(t)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				got, err := at.FindTenant(ctx, psn.TenantID(fmt.Sprintf("p_b%d", i)))
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff(&driver.Tenant{ID: psn.TenantID(fmt.Sprintf("p_b%d", i)), Name: fmt.Sprintf("Provincia %d", i), Ref: fmt.Sprintf("t%d", i)}, got); diff != "" {
					t.Error(diff)
				}
			})
		}
		wg.Wait()
		if _, err := at.FindTenant(ctx, "p_xx"); !psn.Is(err, psn.NotFound) { // of another region
			t.Errorf("p_xx: %v", err)
		}
		cost[n] = c.asked()
	}
	if want := map[int]int{1: 3, 6: 3}; cmp.Diff(want, cost) != "" { // token, domain, projects
		t.Errorf("requests to identity by number of tenants: %v, want %v", cost, want)
	}
}

// TestDomainIsAskedOnce: all who need the tenants' domain at the same time.
func TestDomainIsAskedOnce(t *testing.T) {
	c := newCloud(t)
	s := open(t, c.config(t))
	ctx := bounded(t)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if ok, err := s.TenantExists(ctx, psn.TenantID(fmt.Sprintf("p_b%d", i))); ok || err != nil {
				t.Errorf("%v, %v", ok, err)
			}
		})
	}
	wg.Wait()
	if got := c.count("GET /identity/v3/domains"); got != 1 {
		t.Errorf("the domain was asked for %d times", got)
	}
}

// TestLeftoversOfAnotherRegion: Neutron makes a security group for a project whose
// groups are listed, so that a region that the tenant is not in is not asked.
func TestLeftoversOfAnotherRegion(t *testing.T) {
	c := newCloudWith(t, `{"projects": [{"id": "t1", "name": "p_bs", "tags": ["psn", "site:rozzano"]}]}`)
	c.mux.HandleFunc("/network/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("asked: %s %s", r.Method, r.URL)
		w.WriteHeader(http.StatusNotFound)
	})
	left, err := open(t, c.config(t)).TenantLeftovers(bounded(t), "p_bs")
	if len(left) > 0 || err != nil {
		t.Errorf("%v, %v", left, err)
	}
}
