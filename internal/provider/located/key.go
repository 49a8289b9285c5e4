package located

import (
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Key is the natural id of an object: "<tenant>/<site>/<platform>/<name>". An
// object of a whole site has no tenant, which is written "_": no tenant's id
// begins so.
type Key struct {
	Tenant   psn.TenantID
	Site     psn.Site
	Platform psn.Platform
	Name     string
}

const everyone = "_"

// String is the id.
func (k Key) String() string {
	tenant := string(k.Tenant)
	if tenant == "" {
		tenant = everyone
	}
	return strings.Join([]string{tenant, string(k.Site), string(k.Platform), k.Name}, "/")
}

// ParseKey is the inverse of String. kind, for example "network", is for the error.
func ParseKey(kind, v string) (Key, error) {
	wrong := func(err error) (Key, error) {
		return Key{}, psn.Errorf(psn.InvalidInput,
			"%s id %q is not valid: use \"<tenant>/<site>/<platform>/<name>\", for example \"p_bs/acilia/vsphere/dati\": %w", kind, v, err)
	}
	parts := strings.Split(v, "/")
	if len(parts) != 4 {
		return wrong(psn.Errorf(psn.InvalidInput, "it has %d parts", len(parts)))
	}
	k := Key{Name: parts[3]}
	var err error
	if parts[0] != everyone {
		if k.Tenant, err = psn.TenantOf(parts[0]); err != nil {
			return wrong(err)
		}
	}
	if k.Site, err = psn.ParseSite(parts[1]); err != nil {
		return wrong(err)
	}
	if k.Platform, err = psn.ParsePlatform(parts[2]); err != nil {
		return wrong(err)
	}
	if err := psn.CheckName(kind+" name", k.Name); err != nil {
		return wrong(err)
	}
	return k, nil
}
