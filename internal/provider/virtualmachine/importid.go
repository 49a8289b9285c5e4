package virtualmachine

import (
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// foreign names a machine that does not bear our marks, and where it stands.
type foreign struct {
	Site     psn.Site     `json:"site"`
	Platform psn.Platform `json:"platform"`
	Ref      string       `json:"ref"` // platform's id, instance UUID or name
}

// parseImportID reads "<tenant>/<name>", the id of a machine of ours, or
// "<tenant>/<name>@<site>/<platform>/<ref>", the id that a machine of somebody
// else is to bear and where it stands: then of is not nil.
func parseImportID(raw string) (id psn.VMID, of *foreign, err error) {
	ours, place, adopts := strings.Cut(raw, "@")
	if id, err = psn.ParseVMID(ours); err != nil || !adopts {
		return id, nil, err
	}
	parts := strings.SplitN(place, "/", 3)
	if len(parts) != 3 || strings.TrimSpace(parts[2]) == "" {
		return "", nil, psn.Errorf(psn.InvalidInput, "import id %q is not valid: after \"@\" write \"<site>/<platform>/<the platform's id, UUID or name of the machine>\", for example \"%s@acilia/vsphere/vm-42\"", raw, id)
	}
	f := foreign{Ref: parts[2]}
	if f.Site, err = psn.ParseSite(parts[0]); err != nil {
		return "", nil, err
	}
	if f.Platform, err = psn.ParsePlatform(parts[1]); err != nil {
		return "", nil, err
	}
	return id, &f, nil
}
