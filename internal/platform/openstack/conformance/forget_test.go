package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest"
)

// forgets is a region whose services read from copies of their databases that
// are behind, and ask each other.
var forgets = platformtest.Forgetting{Made: madeBy, Unknown: unknown, Hide: hide}

// madeBy reads the ids off an answer: every kind of object is in an envelope of
// its own, but Glance's images, which are in none.
func madeBy(req *http.Request, answer []byte) []string {
	if req.Method != http.MethodPost {
		return nil
	}
	var bare struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &bare) == nil && bare.ID != "" {
		return []string{bare.ID}
	}
	var enveloped map[string]json.RawMessage
	if json.Unmarshal(answer, &enveloped) != nil {
		return nil
	}
	var out []string
	for _, inner := range enveloped {
		if bare.ID = ""; json.Unmarshal(inner, &bare) == nil && bare.ID != "" {
			out = append(out, bare.ID)
		}
	}
	return out
}

// unknown is what a service says that does not find an object of its own, which
// the path names, or of another service, which the body names.
func unknown(req *http.Request, _ []byte, id string) *http.Response {
	status, path := http.StatusNotFound, req.URL.Path
	switch named := slices.Contains(strings.Split(path, "/"), id); {
	case named:
	case strings.Contains(path, "/v3/"), strings.Contains(path, "/auth/"): // Keystone and Cinder name in bodies what they do not look up
		return nil
	case strings.HasSuffix(path, "/servers"):
		status = http.StatusBadRequest
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"said": {"message": "` + id + ` could not be found."}}`)),
	}
}

// hide takes an object off every list of an answer.
func hide(answer []byte, id string) []byte {
	if !bytes.Contains(answer, []byte(id)) {
		return nil
	}
	var kinds map[string]json.RawMessage
	if json.Unmarshal(answer, &kinds) != nil {
		return nil
	}
	found := false
	for kind, raw := range kinds {
		var all []json.RawMessage
		if json.Unmarshal(raw, &all) != nil {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(all), func(one json.RawMessage) bool {
			var o struct {
				ID string `json:"id"`
			}
			return json.Unmarshal(one, &o) == nil && o.ID == id
		})
		if len(rest) == len(all) {
			continue
		}
		found = true
		kinds[kind], _ = json.Marshal(rest)
	}
	if !found {
		return nil
	}
	out, _ := json.Marshal(kinds)
	return out
}
