package tenantcredential

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// NewAt returns the resource for one place and a clock that stands still.
func NewAt(at *platform.Site, now time.Time) ephemeral.EphemeralResource {
	return &credential{places: only{at}, now: func() time.Time { return now }}
}

type only struct{ at *platform.Site }

func (o only) Site(psn.Site, psn.Platform) (*platform.Site, error) { return o.at, nil }

// Lifetime reads a duration.
func Lifetime(v string) (time.Duration, error) { return lifetime(types.StringValue(v)) }
