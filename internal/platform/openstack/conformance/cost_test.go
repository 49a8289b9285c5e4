package conformance_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// meter counts requests.
type meter struct {
	n    atomic.Int64
	next http.RoundTripper
}

func (m *meter) RoundTrip(req *http.Request) (*http.Response, error) {
	m.n.Add(1)
	return m.next.RoundTrip(req)
}

// TestListsCost: a list costs as many requests however much it lists.
func TestListsCost(t *testing.T) {
	m := &meter{}
	s, id, _ := connectBy(t, func(next http.RoundTripper) http.RoundTripper {
		m.next = next
		return m
	})
	lists := map[string]func(context.Context) error{
		"networks":        func(ctx context.Context) error { _, err := s.Networks(ctx); return err },
		"security groups": func(ctx context.Context) error { _, err := s.SecurityGroups(ctx); return err },
		"volumes":         func(ctx context.Context) error { _, err := s.Volumes(ctx); return err },
		"images":          func(ctx context.Context) error { _, err := s.Images(ctx); return err },
	}
	cost := func() map[string]int64 {
		out := map[string]int64{}
		for name, list := range lists {
			from := m.n.Load()
			if err := list(bounded(t)); err != nil {
				t.Fatal(err)
			}
			out[name] = m.n.Load() - from
		}
		return out
	}
	cost() // the first of each service asks for its versions as well
	before := cost()
	if d := cmp.Diff(map[string]int64{"networks": 4, "security groups": 2, "volumes": 2, "images": 2}, before); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"a", "b", "c"} {
		n, err := s.CreateNetwork(bounded(t), driver.NetworkSpec{Tenant: id, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		g, err := s.CreateSecurityGroup(bounded(t), driver.SecurityGroupSpec{Tenant: id, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.CreateVolume(bounded(t), driver.VolumeSpec{Tenant: id, Name: name, SizeBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			for _, err := range []error{s.DeleteNetwork(bounded(t), n.Ref), s.DeleteSecurityGroup(bounded(t), g.Ref), s.DeleteVolume(bounded(t), v.Ref)} {
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	if d := cmp.Diff(before, cost()); d != "" {
		t.Error(d)
	}
}
