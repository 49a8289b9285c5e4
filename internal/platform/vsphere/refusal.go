package vsphere

import (
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// refusedFor is how long a refused login is not tried again: many machines with
// one password that was changed must not lock the account.
const refusedFor = 30 * time.Second

// lastRefusal remembers a login that failed. Its owner's lock guards it.
type lastRefusal struct {
	err error
	at  time.Time
}

// keep records the outcome of a login.
func (l *lastRefusal) keep(err error) { l.err, l.at = err, time.Now() }

// recall returns the failure when it answers a question asked at that time:
// it came while the caller waited, or repeating cannot help.
func (l *lastRefusal) recall(asked time.Time) error {
	lasting := psn.Is(l.err, psn.Unauthenticated) && time.Since(l.at) < refusedFor
	if l.err != nil && (lasting || l.at.After(asked)) {
		return l.err
	}
	return nil
}
