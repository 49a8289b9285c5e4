package openstack

import (
	"context"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// tenantOf returns the tenant whose project it is, and psn.Conflict when it is
// nobody's of ours: what such a project holds is not for us to change.
func (s *Site) tenantOf(ctx context.Context, project string) (psn.TenantID, error) {
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return "", err
	}
	if t := tenants[project]; t != "" {
		return t, nil
	}
	return "", psn.Errorf(psn.Conflict, "it belongs to project %s, which is of no tenant of this program: remove it there", project)
}

// ourPort reports whether we made the port, for a machine that it never got to
// or that is gone. A port that nothing uses may also be an address that the
// tenant keeps for itself.
func ourPort(p neutronPort) bool {
	return slices.Contains(p.Tags, neutronTag) || strings.HasPrefix(p.Name, portPrefix)
}

// portPrefix begins the names of ports of ours.
const portPrefix = "psn:"
