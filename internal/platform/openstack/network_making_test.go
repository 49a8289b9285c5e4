package openstack_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// sameNamed are the kinds of which Neutron lets several have one name.
var sameNamed = map[string]struct {
	path string // of the requests that make one
	of   func(*networkSite) *store
	make func(context.Context, *openstack.Site) (string, error)
}{
	"network": {"/networks", func(s *networkSite) *store { return s.nets }, func(ctx context.Context, at *openstack.Site) (string, error) {
		n, err := at.CreateNetwork(ctx, driver.NetworkSpec{Tenant: "p_bs", Name: "twin", CIDR: "10.0.0.0/24"})
		if err != nil {
			return "", err
		}
		return n.Ref, nil
	}},
	"security group": {"/security-groups", func(s *networkSite) *store { return s.groups }, func(ctx context.Context, at *openstack.Site) (string, error) {
		g, err := at.CreateSecurityGroup(ctx, driver.SecurityGroupSpec{Tenant: "p_bs", Name: "twin"})
		if err != nil {
			return "", err
		}
		return g.Ref, nil
	}},
}

func twin(id, description, changed string) object {
	return object{
		"id": id, "name": "twin", "project_id": "t1", "description": description, "tags": []any{"psn"},
		"created_at": "2026-03-01T10:00:00Z", "updated_at": changed,
	}
}

// TestNetworkMadeAtTheSameTime: of processes that all looked before any made it one
// has made it, the others are told so, and nothing is put in what goes again.
func TestNetworkMadeAtTheSameTime(t *testing.T) {
	for kind, k := range sameNamed {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newNetworkSite(t)
			k.of(s).stamp = object{"created_at": "2026-03-01T10:00:00Z"} // in the same second
			var there sync.WaitGroup
			const makers = 3
			there.Add(makers)
			var all sync.WaitGroup
			refs, errs := make([]string, makers), make([]error, makers)
			for n := range makers {
				var once sync.Once // it is sent again when the token was another's
				cfg := s.config(t)
				cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
					return roundTrip(func(r *http.Request) (*http.Response, error) {
						if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, k.path) {
							once.Do(there.Done)
							there.Wait()
						}
						return next.RoundTrip(r)
					})
				}
				at := open(t, cfg)
				all.Go(func() { refs[n], errs[n] = k.make(bounded(t), at) })
			}
			all.Wait()
			left := k.of(s).ids()
			if k.of(s).made != makers || len(left) != 1 || s.subnets.made > 1 {
				t.Fatalf("%d were made, left: %v, with %d subnets", k.of(s).made, left, s.subnets.made)
			}
			made := 0
			for n, err := range errs {
				switch {
				case err == nil && refs[n] == left[0]:
					made++
				case !psn.Is(err, psn.AlreadyExists) || !strings.Contains(err.Error(), "was first") || !strings.Contains(err.Error(), left[0]):
					t.Errorf("%s, %v", refs[n], err)
				}
			}
			if made != 1 {
				t.Errorf("%d have it: %v", made, errs)
			}
			at := open(t, s.config(t))
			if ref, err := k.make(bounded(t), at); err != nil || ref != left[0] {
				t.Errorf("applied again: %s, %v", ref, err)
			}
		})
	}
}

// TestNetworkThatAnotherMakes: it is left alone, and is that one's; what was cut off
// long ago is gone on with at once.
func TestNetworkThatAnotherMakes(t *testing.T) {
	for kind, k := range sameNamed {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newNetworkSite(t)
			now := time.Now().UTC().Format(time.RFC3339)
			k.of(s).put(twin("theirs", "psn: being made", now))
			var whole sync.Once
			cfg := s.config(t)
			cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/theirs") {
						if r.Method != http.MethodGet {
							t.Errorf("%s of what another makes", r.Method)
						}
						res, err := next.RoundTrip(r)
						whole.Do(func() {
							k.of(s).mu.Lock()
							defer k.of(s).mu.Unlock()
							k.of(s).put(twin("theirs", "", now))
							if kind == "network" {
								s.subnets.put(object{"id": "b", "network_id": "theirs", "ip_version": 4, "cidr": "10.0.0.0/24", "gateway_ip": "10.0.0.1"})
							}
						})
						return res, err
					}
					return next.RoundTrip(r)
				})
			}
			if ref, err := k.make(bounded(t), open(t, cfg)); !psn.Is(err, psn.AlreadyExists) || !strings.Contains(err.Error(), "theirs") || k.of(s).made+s.subnets.made+s.routers.made != 0 {
				t.Errorf("%s, %v: made %d", ref, err, k.of(s).made+s.subnets.made+s.routers.made)
			}
			s = newNetworkSite(t)
			k.of(s).put(twin("cut-off", "psn: being made", "2026-03-01T10:00:00Z"))
			from := time.Now()
			if ref, err := k.make(bounded(t), open(t, s.config(t))); err != nil || ref != "cut-off" || time.Since(from) > 10*time.Second {
				t.Errorf("%s, %v, after %s", ref, err, time.Since(from))
			}
		})
	}
}

// TestSeveralOfAName: each is told with its age, and what to do.
func TestSeveralOfAName(t *testing.T) {
	for kind, k := range sameNamed {
		s := newNetworkSite(t)
		old := twin("b-old", "", "")
		old["created_at"] = "2026-02-01T10:00:00Z"
		k.of(s).put(twin("a-young", "", ""))
		k.of(s).put(old)
		_, err := k.make(bounded(t), open(t, s.config(t)))
		if want := kind + ` "b-old", made 2026-02-01T10:00:00Z; ` + kind + ` "a-young", made 2026-03-01T10:00:00Z: remove all but one`; !psn.Is(err, psn.AlreadyExists) || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
}

// TestNetworkListedLate: who made it first is asked when the own one is listed; when
// it never is, it is removed.
func TestNetworkListedLate(t *testing.T) {
	for kind, k := range sameNamed {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, cut := range []bool{false, true} {
				s := newNetworkSite(t)
				ctx, cancel := context.WithCancel(bounded(t))
				defer cancel()
				late := 0
				cfg := s.config(t)
				cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
					return roundTrip(func(r *http.Request) (*http.Response, error) {
						if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, k.path) && len(k.of(s).ids()) > 0 && late < 3 {
							if late++; cut && late == 2 {
								cancel()
							}
							r = r.Clone(r.Context())
							r.URL.Path = strings.TrimSuffix(r.URL.Path, k.path) + "/none-of" + k.path[1:]
						}
						return next.RoundTrip(r)
					})
				}
				s.answer("GET /network/v2.0/none-of"+k.path[1:], `{"networks": [], "security_groups": []}`)
				ref, err := k.make(ctx, open(t, cfg))
				want := []string{ref}
				if cut {
					want = []string{}
				}
				if (err != nil) != cut || late < 2 {
					t.Errorf("cut off %t: %s, %v after %d lists", cut, ref, err, late)
				}
				if d := cmp.Diff(want, k.of(s).ids()); d != "" {
					t.Errorf("cut off %t: %s", cut, d)
				}
			}
		})
	}
}
