package openstack_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// newVolumeSite is a site whose volumes lose metadata when that is asked for.
func newVolumeSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.volumes.stamp = object{"created_at": ago(0)}
	s.mux.HandleFunc("DELETE /volume/v3/p1/volumes/{id}/metadata/{key}", func(w http.ResponseWriter, r *http.Request) {
		s.volumes.mu.Lock()
		defer s.volumes.mu.Unlock()
		left := maps.Clone(s.volumes.all[r.PathValue("id")]["metadata"].(object))
		delete(left, r.PathValue("key"))
		s.volumes.all[r.PathValue("id")]["metadata"] = left
		w.WriteHeader(http.StatusOK)
	})
	return s
}

// ago is an instant as Cinder tells it.
func ago(d time.Duration) string {
	return time.Now().UTC().Add(-d).Format("2006-01-02T15:04:05.000000")
}

func volumeIn(status string, mark string) object {
	v := object{"id": "old", "name": "data", "size": 1, "status": status, "metadata": object{"psn.volume": "data"}, "created_at": ago(time.Hour), "attachments": []object{}}
	if mark != "" {
		v["metadata"].(object)["psn.making"] = mark
	}
	return v
}

func dataOf(maker string) driver.VolumeSpec {
	return driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: 1 << 30, Maker: maker}
}

// TestVolumeOfItsMaker: whoever names itself gets what it made, and nobody else's;
// what could not be made is no reason to refuse.
func TestVolumeOfItsMaker(t *testing.T) {
	with := func(v object, key string, value any) object { v[key] = value; return v }
	for name, c := range map[string]struct {
		before object
		maker  string
		code   psn.Code // empty when a volume is returned
		says   string
		ref    string
		left   []string
	}{
		"none":                        {nil, "me", "", "", "v1", []string{"v1"}},
		"stands":                      {volumeIn("available", ""), "me", psn.AlreadyExists, "stands already, of 1 GiB", "", []string{"old"}},
		"another makes it":            {volumeIn("creating", "other"), "me", psn.AlreadyExists, `in status "creating"`, "", []string{"old"}},
		"another makes it yet":        {with(volumeIn("available", "other"), "updated_at", ago(time.Minute)), "me", psn.AlreadyExists, "taken over 5m0s after", "", []string{"old"}},
		"another was cut off":         {with(volumeIn("available", "other"), "updated_at", ago(6*time.Minute)), "me", "", "", "old", []string{"old"}},
		"it was of another size":      {with(with(volumeIn("available", "other"), "updated_at", ago(6*time.Minute)), "size", 2), "me", psn.AlreadyExists, "size is 2 GiB", "", []string{"old"}},
		"it was given to a machine":   {with(with(volumeIn("in-use", "other"), "updated_at", ago(6*time.Minute)), "attachments", []object{{"server_id": "s1"}}), "me", psn.AlreadyExists, "stands already", "", []string{"old"}},
		"no time is told":             {volumeIn("available", "other"), "me", psn.AlreadyExists, "taken over 5m0s after", "", []string{"old"}},
		"in error, of another day":    {with(volumeIn("error", "other"), "created_at", ago(25*time.Hour)), "me", psn.Conflict, "may hold data", "", []string{"old"}},
		"ours after a lost answer":    {volumeIn("available", "me"), "me", "", "", "old", []string{"old"}},
		"anybody's":                   {volumeIn("available", ""), "", "", "", "old", []string{"old"}},
		"anybody's, cut off":          {volumeIn("available", "other"), "", "", "", "old", []string{"old"}},
		"never whole":                 {volumeIn("error", "other"), "me", "", "", "v1", []string{"v1"}},
		"never whole, of ours":        {volumeIn("error", "me"), "me", "", "", "v1", []string{"v1"}},
		"never whole, to anybody":     {volumeIn("error", "other"), "", "", "", "v1", []string{"v1"}},
		"in error, was whole":         {volumeIn("error", ""), "me", psn.Conflict, "may hold data", "", []string{"old"}},
		"in error, with content":      {with(volumeIn("error", "other"), "bootable", "true"), "me", psn.Conflict, "may hold data", "", []string{"old"}},
		"in error, on a machine":      {with(volumeIn("error", "other"), "attachments", []object{{"server_id": "s1"}}), "me", psn.Conflict, "may hold data", "", []string{"old"}},
		"in error, not a volume here": {with(volumeIn("error", "other"), "metadata", object{"psn.making": "x"}), "me", psn.AlreadyExists, "did not make", "", []string{"old"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newVolumeSite(t)
			if c.before != nil {
				s.volumes.put(c.before)
			}
			v, err := open(t, s.config(t)).CreateVolume(bounded(t), dataOf(c.maker))
			if (err == nil) != (c.code == "") || err != nil && (!psn.Is(err, c.code) || !strings.Contains(err.Error(), c.says)) {
				t.Fatalf("%+v, %v", v, err)
			}
			if d := cmp.Diff(c.left, s.volumes.ids()); d != "" {
				t.Error(d)
			}
			if err == nil && (v.Ref != c.ref || c.maker != "" && (v.Maker != "" || s.volumes.all[v.Ref]["metadata"].(object)["psn.making"] != nil)) {
				t.Errorf("%+v, %v", v, s.volumes.all[v.Ref])
			}
		})
	}
}

// TestVolumesAreListedWithTheirMaker: while they are being made.
func TestVolumesAreListedWithTheirMaker(t *testing.T) {
	for mark, want := range map[string]string{"": "", "1": "", "me": "me"} {
		s := newVolumeSite(t)
		v := volumeIn("creating", mark)
		v["os-vol-tenant-attr:tenant_id"] = "t1"
		s.volumes.put(v)
		all, err := open(t, s.config(t)).Volumes(bounded(t))
		if err != nil || len(all) != 1 || all[0].Maker != want {
			t.Errorf("%q: %+v, %v", mark, all, err)
		}
	}
}

// TestVolumeThatFailsAtOnce: whoever asked for it is told what Cinder says, and
// nothing is left; another's that failed is no volume to give way to.
func TestVolumeThatFailsAtOnce(t *testing.T) {
	s := newVolumeSite(t)
	s.volumes.stamp["status"] = "error"
	if _, err := open(t, s.config(t)).CreateVolume(bounded(t), dataOf("me")); err == nil || !strings.Contains(err.Error(), "v1 could not be made") || len(s.volumes.ids()) != 0 {
		t.Errorf("left %v: %v", s.volumes.ids(), err)
	}
	s = newVolumeSite(t)
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes") {
				s.volumes.mu.Lock()
				s.volumes.put(volumeIn("error", "other"))
				s.volumes.mu.Unlock()
			}
			return next.RoundTrip(r)
		})
	}
	if v, err := open(t, cfg).CreateVolume(bounded(t), dataOf("me")); err != nil || v.Ref != "v1" {
		t.Errorf("%+v, %v", v, err)
	}
}

// together lets the first n requests that make a volume pass when all are there:
// whoever sends one has found none.
type together struct {
	mu   sync.Mutex
	n    int
	open chan struct{}
}

func (g *together) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes") {
			g.mu.Lock()
			if g.n--; g.n == 0 {
				close(g.open)
			}
			g.mu.Unlock()
			select {
			case <-g.open:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		return next.RoundTrip(r)
	})
}

// TestVolumeMadeAtTheSameTime: of processes that all looked before any made it,
// one has made the volume and all others are told so; one volume is left.
func TestVolumeMadeAtTheSameTime(t *testing.T) {
	for _, named := range []bool{true, false} {
		s := newVolumeSite(t)
		makers := []string{"a", "b", "c"}
		g := &together{n: len(makers), open: make(chan struct{})}
		refs, errs := make([]string, len(makers)), make([]error, len(makers))
		var all sync.WaitGroup
		for n, maker := range makers {
			cfg := s.config(t)
			cfg.Wrap = g.wrap
			at := open(t, cfg)
			all.Go(func() {
				spec := dataOf("")
				if named {
					spec.Maker = maker
				}
				v, err := at.CreateVolume(bounded(t), spec)
				if errs[n] = err; err == nil {
					refs[n] = v.Ref
				}
			})
		}
		all.Wait()
		left := s.volumes.ids()
		if s.volumes.made != 3 || len(left) != 1 {
			t.Fatalf("%d were made, left: %v", s.volumes.made, left)
		}
		made := 0
		for n, err := range errs {
			switch {
			case err == nil && refs[n] == left[0]:
				made++
			case !named || !psn.Is(err, psn.AlreadyExists):
				t.Errorf("named %t: %s, %v", named, refs[n], err)
			}
		}
		if want := map[bool]int{true: 1, false: 3}[named]; made != want {
			t.Errorf("named %t: %d of them have it, want %d: %v", named, made, want, errs)
		}
	}
}

// TestVolumeAnswerLost: after a lost answer the next try knows its own volume.
func TestVolumeAnswerLost(t *testing.T) {
	s := newVolumeSite(t)
	cfg := s.config(t)
	lost := false
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			res, err := next.RoundTrip(r)
			if err == nil && !lost && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes") {
				lost = true
				_ = res.Body.Close()
				return nil, errors.New("cut")
			}
			return res, err
		})
	}
	at := open(t, cfg)
	_, err := at.CreateVolume(bounded(t), dataOf("me"))
	if !psn.Is(err, psn.Unavailable) || !lost {
		t.Fatalf("the answer was not lost: %v", err)
	}
	if _, err := at.CreateVolume(bounded(t), dataOf("other")); !psn.Is(err, psn.AlreadyExists) {
		t.Errorf("another was given it: %v", err)
	}
	v, err := at.CreateVolume(bounded(t), dataOf("me"))
	if err != nil || v.Ref != "v1" || len(s.volumes.ids()) != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := at.CreateVolume(bounded(t), dataOf("me")); !psn.Is(err, psn.AlreadyExists) {
		t.Errorf("what was made and answered is still its maker's alone: %v", err)
	}
}

// TestVolumeListedLate: an own volume that a list does not tell at first is made
// again, and the older one is kept.
func TestVolumeListedLate(t *testing.T) {
	s := newVolumeSite(t)
	late := true
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if late && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes") {
				late = false
				s.volumes.mu.Lock()
				s.volumes.put(volumeIn("available", "me"))
				s.volumes.mu.Unlock()
			}
			return next.RoundTrip(r)
		})
	}
	v, err := open(t, cfg).CreateVolume(bounded(t), dataOf("me"))
	if err != nil || v.Ref != "old" || len(s.volumes.ids()) != 1 {
		t.Errorf("%+v, %v, left %v", v, err, s.volumes.ids())
	}
}

// TestMachineGetsAWholeVolume: the mark of making is off before a machine can write
// to the volume, so that one in error that bears it holds nothing.
func TestMachineGetsAWholeVolume(t *testing.T) {
	for _, refused := range []bool{true, false} {
		s := newVolumeSite(t)
		v := volumeIn("available", "cut-off")
		v["os-vol-tenant-attr:tenant_id"] = "t1"
		s.volumes.put(v)
		s.servers.put(object{"id": "s1", "name": "db", "status": "ACTIVE", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/db"}})
		s.answer("GET /identity/v3/projects/t1", `{"project": {"id": "t1", "name": "p_bs", "enabled": true, "tags": ["psn", "site:acilia"]}}`)
		attached := 0
		s.mux.HandleFunc("POST /compute/v2.1/servers/s1/os-volume_attachments", func(w http.ResponseWriter, _ *http.Request) {
			s.volumes.mu.Lock()
			defer s.volumes.mu.Unlock()
			attached++
			if v["metadata"].(object)["psn.making"] != nil {
				t.Error("attached while it is marked")
			}
			v["attachments"] = []object{{"server_id": "s1"}}
			w.WriteHeader(http.StatusOK)
		})
		cfg := s.config(t)
		cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				if refused && r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/metadata/") {
					return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody, Request: r}, nil
				}
				return next.RoundTrip(r)
			})
		}
		at := open(t, cfg)
		ctx, cancel := context.WithCancel(bounded(t))
		defer cancel()
		err := at.AttachVolume(ctx, "old", "s1")
		if (err != nil) != refused || (attached == 0) != refused || slices.Contains(s.volumes.gone, "old") {
			t.Errorf("refused %t: attached %d times, %v", refused, attached, err)
		}
	}
}
