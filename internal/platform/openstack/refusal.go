package openstack

import (
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// refusedFor is how long a refused login is not tried again.
const refusedFor = 30 * time.Second

// lastRefusal remembers a login that was refused. Its owner's lock guards it.
type lastRefusal struct {
	err error
	at  time.Time
}

func (l *lastRefusal) keep(err error) { l.err, l.at = err, time.Now() }

// recall returns the refusal while asking again cannot help.
func (l *lastRefusal) recall(now time.Time) error {
	if psn.Is(l.err, psn.Unauthenticated) && now.Sub(l.at) < refusedFor {
		return l.err
	}
	return nil
}
