package openstack_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// TestUploadTellsNothingOfItsSender: an image bears no host and no process, and no
// mark at all once it is whole, also when the call that takes it off came later.
func TestUploadTellsNothingOfItsSender(t *testing.T) {
	const content = "abc"
	sum, sent := sha256.Sum256([]byte(content)), sha512.Sum512([]byte(content))
	s := newSite(t)
	host, _ := os.Hostname()
	var mu sync.Mutex
	var image object
	refuse := true
	tell := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(image)
	}
	s.mux.HandleFunc("GET /image/v2/images", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		all := []object{}
		if image != nil {
			all = append(all, image)
		}
		_ = json.NewEncoder(w).Encode(object{"images": all})
	})
	s.mux.HandleFunc("POST /image/v2/images", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewDecoder(r.Body).Decode(&image)
		mark, _ := image["psn_uploader"].(string)
		if mark == "" || host != "" && strings.Contains(mark, host) || strings.Contains(mark, "process") {
			t.Errorf("marked %q", mark)
		}
		image["id"], image["status"], image["owner"] = "i1", "queued", "t1"
		w.WriteHeader(http.StatusCreated)
		tell(w)
	})
	s.mux.HandleFunc("PUT /image/v2/images/i1/file", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		image["status"], image["size"], image["os_hash_algo"], image["os_hash_value"] = "active", len(content), "sha512", hex.EncodeToString(sent[:])
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("GET /image/v2/images/i1", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		tell(w)
	})
	s.mux.HandleFunc("PATCH /image/v2/images/i1", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var ops []struct{ Op, Path string }
		if err := json.NewDecoder(r.Body).Decode(&ops); err != nil || len(ops) != 1 || ops[0].Op != "remove" ||
			r.Header.Get("Content-Type") != "application/openstack-images-v2.1-json-patch" || refuse {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		delete(image, strings.TrimPrefix(ops[0].Path, "/"))
		tell(w)
	})
	at := open(t, s.config(t))
	for _, marked := range []bool{true, false} { // the first try to take it off is refused
		i, err := at.CreateImage(bounded(t), driver.ImageSpec{
			Tenant: "p_bs", Name: "debian", Format: "raw", SizeBytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
		}, strings.NewReader(content))
		if err != nil || i.Ref != "i1" {
			t.Fatalf("%+v, %v", i, err)
		}
		mu.Lock()
		if got := image["psn_uploader"] != nil; got != marked {
			t.Errorf("marked: %v", image)
		}
		refuse = false
		mu.Unlock()
	}
}
