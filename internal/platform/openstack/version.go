package openstack

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// version negotiates the version of a service, once per session: the wanted one,
// or the newest older one that does.
func (s *session) version(ctx context.Context, c *gophercloud.ProviderClient, root string, def service) (string, error) {
	s.mu.Lock()
	v := s.versions[def.name]
	s.mu.Unlock()
	if v != "" {
		return v, nil
	}
	var doc versionDocument
	_, err := c.Request(ctx, http.MethodGet, root, &gophercloud.RequestOpts{ //nolint:bodyclose // the client reads it to its end and closes it
		JSONResponse: &doc, OkCodes: []int{http.StatusOK, http.StatusMultipleChoices},
	})
	if err != nil {
		return "", fmt.Errorf("ask service %s for its versions: %w", def.name, err)
	}
	v, err = doc.choose(def)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[def.name] = v
	return v, nil
}

// versionDocument is what a service says at its root.
type versionDocument struct {
	Versions []struct {
		ID      string `json:"id"`
		Max     string `json:"max_version"` // Placement
		Version string `json:"version"`     // Nova, Cinder
		Min     string `json:"min_version"`
	} `json:"versions"`
}

// choose picks the version to speak.
func (d versionDocument) choose(def service) (string, error) {
	seen := []string{}
	for _, v := range d.Versions {
		top := v.Max + v.Version
		if top == "" {
			continue // an API without versions of that kind
		}
		seen = append(seen, v.Min+" to "+top)
		switch {
		case older(top, def.least) || older(def.want, v.Min):
		case older(top, def.want):
			return top, nil
		default:
			return def.want, nil
		}
	}
	return "", psn.Errorf(psn.Unsupported, "service %s speaks versions %s: this program needs one from %s to %s", def.name, strings.Join(seen, ", "), def.least, def.want)
}

// older compares two versions "major.minor"; what is no version is oldest.
func older(a, b string) bool {
	am, an := numbers(a)
	bm, bn := numbers(b)
	return am < bm || am == bm && an < bn
}

func numbers(v string) (major, minor int) {
	a, b, _ := strings.Cut(v, ".")
	major, _ = strconv.Atoi(a)
	minor, _ = strconv.Atoi(b)
	return major, minor
}
