package openstack

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestContent(t *testing.T) {
	data := []byte(strings.Repeat("sportello ", 1000))
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	other := bytes.ToUpper(data)
	torn := errors.New("torn")
	for name, c := range map[string]struct {
		from io.Reader
		code psn.Code // empty when all is well
		says string
	}{
		"whole":            {bytes.NewReader(data), "", ""},
		"byte by byte":     {iotest.OneByteReader(bytes.NewReader(data)), "", ""},
		"end with data":    {iotest.DataErrReader(bytes.NewReader(data)), "", ""},
		"other":            {bytes.NewReader(other), psn.Corrupt, hash},
		"short":            {bytes.NewReader(data[:99]), psn.Corrupt, "99 of 10000"},
		"empty":            {bytes.NewReader(nil), psn.Corrupt, "0 of 10000"},
		"long":             {io.MultiReader(bytes.NewReader(data), bytes.NewReader(data)), psn.Corrupt, "longer than"},
		"torn":             {io.MultiReader(bytes.NewReader(data[:50]), iotest.ErrReader(torn)), psn.Internal, "torn"},
		"torn with a code": {iotest.ErrReader(psn.Errorf(psn.Forbidden, "no")), psn.Forbidden, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newContent(c.from, int64(len(data)), hash)
			got, err := io.ReadAll(b)
			if c.code == "" {
				want := sha512.Sum512(data)
				if err != nil || !b.whole || !bytes.Equal(got, data) || b.sha512() != hex.EncodeToString(want[:]) {
					t.Fatalf("err %v, whole %v", err, b.whole)
				}
				return
			}
			if !psn.Is(err, c.code) || !strings.Contains(err.Error(), c.says) || b.whole {
				t.Fatalf("err = %v (code %s), whole %v; want code %s saying %q", err, psn.CodeOf(err), b.whole, c.code, c.says)
			}
			if n, again := b.Read(make([]byte, 8)); n != 0 || !errors.Is(again, err) {
				t.Errorf("read after the error: %d, %v", n, again)
			}
		})
	}
}

// TestContentSentAgain: content of which something was read must not be taken
// for the whole when the client starts over.
func TestContentSentAgain(t *testing.T) {
	data := []byte("0123456789")
	sum := sha256.Sum256(data)
	b := newContent(bytes.NewReader(data), 10, hex.EncodeToString(sum[:]))
	if _, err := b.Seek(0, io.SeekStart); err != nil {
		t.Errorf("before anything was read: %v", err)
	}
	if _, err := b.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Seek(0, io.SeekStart); !psn.Is(err, psn.Unavailable) {
		t.Errorf("after 3 bytes: %v", err)
	}
	if _, err := io.ReadAll(b); !psn.Is(err, psn.Unavailable) {
		t.Errorf("the rest was handed out: %v", err)
	}
}

func TestImageThereAndBack(t *testing.T) {
	spec := driver.ImageSpec{
		Tenant: "p_bs", Name: "debian", Format: "qcow2", SizeBytes: 10, SHA256: strings.Repeat("a", 64),
		MinDiskGiB: 2, MinMemoryMiB: 512, Firmware: "efi", Properties: map[string]string{"hw_disk_bus": "scsi"},
	}
	body := imageBody(spec)
	if body["visibility"] != imagePrivate {
		t.Errorf("a tenant's image is %v", body["visibility"])
	}
	body["id"], body["status"], body["size"], body["owner"], body["os_hidden"] = "i", "active", 10, "p1", false
	body["os_glance_failed_import"], body["owner_specified.openstack.md5"] = "", "m"
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var shown glanceImage
	if err := json.Unmarshal(raw, &shown); err != nil {
		t.Fatal(err)
	}
	want := driver.Image{ImageSpec: spec, Ref: "i", Status: "active"}
	want.Properties = map[string]string{"hw_disk_bus": "scsi", "owner_specified.openstack.md5": "m"}
	if d := cmp.Diff(want, shown.observed("p_bs")); d != "" {
		t.Error(d)
	}
	spec.Tenant = ""
	if v := imageBody(spec)["visibility"]; v != imagePublic {
		t.Errorf("an image of all is %v", v)
	}
	images := []glanceImage{
		{ID: "1", Name: "z", Owner: "p1", Visibility: imagePrivate}, {ID: "2", Name: "theirs", Owner: "p9", Visibility: imagePrivate},
		{ID: "3", Name: "b", Owner: "p9", Visibility: "community"}, {ID: "4", Name: "a", Owner: "p1", Visibility: imagePublic},
	}
	var refs string
	for _, i := range observeImages(images, map[string]psn.TenantID{"p1": "p_bs"}) {
		refs += i.Ref + string(i.Tenant) + " "
	}
	if refs != "4 3 1p_bs " {
		t.Errorf("kept: %s", refs)
	}
}

// TestAbandoned: only what nobody can be sending any more is removed.
func TestAbandoned(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		image glanceImage
		want  bool
	}{
		"another process, now":       {glanceImage{Status: "saving", Created: "2026-05-04T11:59:00Z", Extra: map[string]string{propUploader: "other"}}, false},
		"another process, yesterday": {glanceImage{Status: "saving", Created: "2026-05-03T11:59:00Z", Extra: map[string]string{propUploader: "other"}}, true},
		"nobody's, now":              {glanceImage{Status: "queued", Created: "2026-05-04T11:59:00Z"}, false},
		"our own":                    {glanceImage{Status: "saving", Created: "2026-05-04T11:59:00Z", Extra: map[string]string{propUploader: "me"}}, true},
		"given up":                   {glanceImage{Status: "killed", Created: "2026-05-04T11:59:00Z"}, true},
		"no date":                    {glanceImage{Status: "saving"}, false},
	} {
		if got := c.image.abandoned("me", now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
