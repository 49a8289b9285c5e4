package vsphere_test

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
)

// restInterface is the vCenter's second service, with the tags: another process
// than the one that has the machines, of which it hears later.
type restInterface struct{ gone atomic.Bool }

// under puts the service's absence below wrap, which may be nil.
func (i *restInterface) under(wrap func(http.RoundTripper) http.RoundTripper) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		var rt http.RoundTripper = roundTrip(func(req *http.Request) (*http.Response, error) {
			if i.gone.Load() && strings.HasPrefix(req.URL.Path, "/rest/") {
				return nil, errors.New("connection refused")
			}
			return next.RoundTrip(req)
		})
		if wrap != nil {
			rt = wrap(rt)
		}
		return rt
	}
}

var (
	madeRe = regexp.MustCompile(`(?:<result[^>]*type="VirtualMachine"[^>]*|<CreateFolderResponse[^>]*><returnval[^>]*)>([^<]+)<`)
	tagRe  = regexp.MustCompile(`"value": *"(urn:vmomi:InventoryServiceTag:[^"]+)"`)
)

// madeBy reads from an answer which machine, folder or tag was made.
func madeBy(req *http.Request, answer []byte) []string {
	re := madeRe
	if strings.HasPrefix(req.URL.Path, "/rest/") {
		re = tagRe
	}
	var out []string
	for _, m := range re.FindAllSubmatch(answer, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

// untaggable is what the tagging service says of an object that it has not heard
// of.
func untaggable(req *http.Request, _ []byte, id string) *http.Response {
	if !strings.Contains(req.URL.Path, "/tag-association") {
		return nil
	}
	return &http.Response{
		StatusCode: http.StatusNotFound, Status: "404 Not Found", Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"type": "com.vmware.vapi.std.errors.not_found", "value": {"messages": [{"default_message": "Object ` + id + ` was not found."}]}}`)),
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
