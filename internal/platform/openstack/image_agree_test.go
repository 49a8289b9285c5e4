package openstack_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// gallery is Glance: what is changed bears the second of its change, and nothing
// tells whether somebody is sending.
type gallery struct {
	*site
	mu    sync.Mutex
	made  int
	all   map[string]object
	whole func(id string) // an image is whole, and not shown so yet
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{site: newSite(t), all: map[string]object{}}
	one := func(f func(w http.ResponseWriter, r *http.Request, i object)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			if i := g.all[r.PathValue("id")]; i != nil {
				f(w, r, i)
				return
			}
			w.WriteHeader(http.StatusNotFound)
		}
	}
	tell := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	g.mux.HandleFunc("GET /image/v2/images", func(w http.ResponseWriter, _ *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		all := []object{}
		for _, i := range g.all {
			all = append(all, i)
		}
		tell(w, object{"images": all})
	})
	g.mux.HandleFunc("POST /image/v2/images", func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		i := object{}
		_ = json.NewDecoder(r.Body).Decode(&i)
		g.made++
		i["id"], i["status"], i["owner"] = fmt.Sprintf("i%d", g.made), "queued", "t1"
		g.put(i)
		w.WriteHeader(http.StatusCreated)
		tell(w, i)
	})
	g.mux.HandleFunc("GET /image/v2/images/{id}", one(func(w http.ResponseWriter, _ *http.Request, i object) { tell(w, i) }))
	g.mux.HandleFunc("PUT /image/v2/images/{id}/file", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if g.whole != nil {
			g.whole(r.PathValue("id"))
		}
		one(func(w http.ResponseWriter, _ *http.Request, i object) {
			g.put(holding(i, string(b)))
			w.WriteHeader(http.StatusNoContent)
		})(w, r)
	})
	g.mux.HandleFunc("PATCH /image/v2/images/{id}", one(func(w http.ResponseWriter, r *http.Request, i object) {
		var ops []struct{ Op, Path string }
		_ = json.NewDecoder(r.Body).Decode(&ops)
		for _, op := range ops {
			delete(i, strings.TrimPrefix(op.Path, "/"))
		}
		g.put(i)
		tell(w, i)
	}))
	g.mux.HandleFunc("DELETE /image/v2/images/{id}", one(func(w http.ResponseWriter, _ *http.Request, i object) {
		delete(g.all, i["id"].(string))
		w.WriteHeader(http.StatusNoContent)
	}))
	return g
}

// shared is the settings of one of several processes, which waits before it sends
// content. The scripted cloud knows one token at a time: that of the last login.
func (g *gallery) shared(t *testing.T, wait func(*http.Request)) openstack.Config {
	cfg := g.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut {
				wait(r)
			}
			if r.Header.Get("X-Auth-Token") != "" {
				r = r.Clone(r.Context())
				r.Header.Set("X-Auth-Token", g.token.Load().(string))
			}
			return next.RoundTrip(r)
		})
	}
	return cfg
}

// holding is the image with that content.
func holding(i object, content string) object {
	sum := sha512.Sum512([]byte(content))
	i["status"], i["size"], i["os_hash_algo"], i["os_hash_value"] = "active", len(content), "sha512", hex.EncodeToString(sum[:])
	return i
}

// put shows the image as changed now. Callers hold the lock where others may be at it.
func (g *gallery) put(i object) {
	i["updated_at"] = time.Now().UTC().Format(time.RFC3339)
	if i["created_at"] == nil {
		i["created_at"] = i["updated_at"]
	}
	g.all[i["id"].(string)] = i
}

func (g *gallery) ids() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := []string{}
	for id := range g.all {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func debian(content string) driver.ImageSpec {
	sum := sha256.Sum256([]byte(content))
	return driver.ImageSpec{Tenant: "p_bs", Name: "debian", Format: "raw", SizeBytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
}

// begun is an image of another process, of that content.
func begun(status, content string, age time.Duration) object {
	spec := debian(content)
	return object{
		"id": "other", "name": spec.Name, "status": status, "owner": "t1", "visibility": "private", "disk_format": spec.Format,
		"psn_sha256": spec.SHA256, "psn_uploader": "other", "created_at": time.Now().Add(-age).UTC().Format(time.RFC3339),
	}
}

// TestUploadBesideAnother: an upload that another process began, and that may have
// been cut off, keeps nobody from making the image, and is left to it; one of
// another day is removed. What another has sent in full is not sent again.
func TestUploadBesideAnother(t *testing.T) {
	for name, c := range map[string]struct {
		other object
		ref   string
		left  []string
	}{
		"just begun":              {begun("queued", "abc", time.Second), "i1", []string{"i1", "other"}},
		"sending":                 {begun("saving", "abc", time.Hour), "i1", []string{"i1", "other"}},
		"sending other content":   {begun("saving", "xyz", time.Hour), "i1", []string{"i1", "other"}},
		"of another day":          {begun("queued", "abc", 25*time.Hour), "i1", []string{"i1"}},
		"given up":                {begun("killed", "abc", time.Second), "i1", []string{"i1"}},
		"whole, then cut off":     {holding(begun("active", "abc", time.Minute), "abc"), "other", []string{"other"}},
		"as long as it has stood": {holding(begun("active", "abc", 25*time.Hour), "abc"), "other", []string{"other"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGallery(t)
			g.put(c.other)
			from := time.Now()
			i, err := open(t, g.config(t)).CreateImage(bounded(t), debian("abc"), strings.NewReader("abc"))
			if err != nil || i.Ref != c.ref || i.Making || time.Since(from) > 10*time.Second {
				t.Fatalf("%+v, %v after %s", i, err, time.Since(from))
			}
			if d := cmp.Diff(c.left, g.ids()); d != "" {
				t.Error(d)
			}
			all, err := open(t, g.config(t)).Images(bounded(t))
			for _, i := range all {
				if i.Making != (i.Ref != c.ref) {
					t.Errorf("told as being made: %+v", i)
				}
			}
			if err != nil || len(all) != len(c.left) {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

// TestUploadsAtTheSameTime: of processes that upload an image at the same time none
// cuts another's, all get the one that was whole first, and it alone is left;
// whoever has other content is told so.
func TestUploadsAtTheSameTime(t *testing.T) {
	for name, contents := range map[string][]string{"the same": {"abc", "abc", "abc"}, "others": {"abc", "xyz"}} {
		for _, apart := range []time.Duration{0, 1200 * time.Millisecond} { // within a second, and not
			t.Run(fmt.Sprintf("%s, %s apart", name, apart), func(t *testing.T) {
				t.Parallel()
				g := newGallery(t)
				g.whole = func(id string) { time.Sleep(time.Duration(id[1]-'1') * apart) }
				arrived, together := make(chan bool, len(contents)), make(chan struct{})
				wait := func(r *http.Request) { // until all are at it
					if arrived <- true; len(arrived) == len(contents) {
						close(together)
					}
					select {
					case <-together:
					case <-r.Context().Done():
					}
				}
				refs, errs := make([]string, len(contents)), make([]error, len(contents))
				var all sync.WaitGroup
				for n, content := range contents {
					at := open(t, g.shared(t, wait))
					all.Go(func() {
						i, err := at.CreateImage(bounded(t), debian(content), strings.NewReader(content))
						if errs[n] = err; err == nil {
							refs[n] = i.Ref
						}
					})
				}
				all.Wait()
				left := g.ids()
				if g.made != len(contents) || len(left) != 1 || g.all[left[0]]["psn_uploader"] != nil {
					t.Fatalf("of %d is left %v: %v", g.made, g.all, errs)
				}
				for n, content := range contents {
					same := g.all[left[0]]["psn_sha256"] == debian(content).SHA256
					if same && (errs[n] != nil || refs[n] != left[0]) || !same && !psn.Is(errs[n], psn.AlreadyExists) {
						t.Errorf("the %d. has %q, %v; left %v", n+1, refs[n], errs[n], left)
					}
				}
			})
		}
	}
}

// TestUploadYieldsToWhatIsWhole: content that arrived wrong, whose sender has not
// seen to that yet, is none to give way to; what somebody else has put there is.
func TestUploadYieldsToWhatIsWhole(t *testing.T) {
	foreign := holding(begun("active", "abc", time.Minute), "abc")
	delete(foreign, "psn_uploader")
	delete(foreign, "psn_sha256")
	for name, c := range map[string]struct {
		other object
		code  psn.Code
		left  []string
	}{
		"wrong":   {holding(begun("active", "abc", time.Minute), "abd"), "", []string{"i1", "other"}},
		"right":   {holding(begun("active", "abc", time.Minute), "abc"), "", []string{"other"}},
		"foreign": {foreign, psn.AlreadyExists, []string{"other"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGallery(t)
			g.whole = func(string) {
				g.mu.Lock()
				defer g.mu.Unlock()
				g.put(c.other)
				c.other["updated_at"] = "2026-01-01T00:00:00Z"
			}
			i, err := open(t, g.config(t)).CreateImage(bounded(t), debian("abc"), strings.NewReader("abc"))
			if (err == nil) != (c.code == "") || err != nil && !psn.Is(err, c.code) {
				t.Errorf("%+v, %v", i, err)
			}
			if d := cmp.Diff(c.left, g.ids()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestVolumeOfAnImageBeingUploaded: the name of an image is that of the one that is
// whole, whatever is sent beside it.
func TestVolumeOfAnImageBeingUploaded(t *testing.T) {
	for name, others := range map[string][]object{
		"sending":            {begun("saving", "abc", time.Hour)},
		"whole, not agreed":  {holding(begun("active", "abc", time.Hour), "abc")},
		"cut off, and whole": {begun("queued", "abc", time.Hour), func() object { i := holding(begun("active", "abc", time.Hour), "abc"); i["id"] = "third"; return i }()},
	} {
		g := newGallery(t)
		mine := holding(begun("active", "abc", time.Hour), "abc")
		mine["id"] = "mine"
		delete(mine, "psn_uploader")
		for _, i := range append(others, mine) {
			g.put(i)
		}
		v, err := open(t, g.config(t)).CreateVolume(bounded(t), driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: 1 << 30, Image: "debian"})
		if err != nil || g.volumes.all[v.Ref]["imageRef"] != "mine" {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

// TestUploadThatFailsLeavesNothing: nor does it take another's away.
func TestUploadThatFailsLeavesNothing(t *testing.T) {
	g := newGallery(t)
	g.put(begun("saving", "abc", time.Minute))
	torn := errors.New("torn")
	_, err := open(t, g.config(t)).CreateImage(bounded(t), debian("abc"), io.MultiReader(strings.NewReader("a"), failing{torn}))
	if !errors.Is(err, torn) || !slices.Equal(g.ids(), []string{"other"}) {
		t.Errorf("left %v: %v", g.ids(), err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
