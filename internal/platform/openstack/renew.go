package openstack

import (
	"net/http"
	"regexp"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
)

// renewals bounds how often one request is sent again because its token ended:
// keys that are changed may end two in a row, a cloud that never accepts its own
// token must not be asked for ever.
const renewals = 3

// renew sends a request that was refused for its token again, with a new one.
// Such a request had no effect. However many are refused at a time, one of them
// logs in.
type renew struct {
	scope *scope
	dir   *directory
	next  http.RoundTripper
}

// lasting is what of a service goes on, with the token that came with the request,
// after the request was answered: the making, ending and changing of machines and
// of volumes, what is attached to them, and the filling of images. All else, and all
// of Neutron and Keystone, is done when it is answered.
var lasting = map[string]*regexp.Regexp{
	serviceCompute: regexp.MustCompile(`^(POST|DELETE) .*/servers(/[^/]+(/action|/os-volume_attachments(/[^/]+)?|/os-interface(/[^/]+)?)?)?$`),
	serviceVolume:  regexp.MustCompile(`^POST .*/(volumes|volumes/[^/]+/action|attachments)$`),
	serviceImage:   regexp.MustCompile(`^PUT .*/images/[^/]+/file$`),
}

// begins reports whether a service may be at work long after it has answered the
// request, with the token that came with it.
func begins(method, service, path string) bool {
	of := lasting[service]
	return of != nil && of.MatchString(method+" "+path)
}

// RoundTrip implements http.RoundTripper.
func (t *renew) RoundTrip(req *http.Request) (*http.Response, error) {
	if begins(req.Method, t.dir.service(bare(req.URL)), req.URL.Path) {
		t.scope.begun.Store(true)
	}
	for try := 1; ; try++ {
		res, err := t.next.RoundTrip(req)
		token := req.Header.Get("X-Auth-Token")
		if err != nil || res.StatusCode != http.StatusUnauthorized || token == "" || t.scope.ReauthFunc == nil || try > renewals {
			return res, err
		}
		again, ok := rewound(req)
		if !ok {
			return res, nil // the client knows how to read such a body anew
		}
		patience.Drain(res)
		if err := t.scope.Reauthenticate(req.Context(), token); err != nil {
			return nil, err
		}
		req = again.Clone(again.Context())
		req.Header.Set("X-Auth-Token", t.scope.Token())
	}
}
