package openstack

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// cleanUpTime bounds removing what a failed operation made, which goes on when
// the caller has given up.
const cleanUpTime = time.Minute

// cleanUp runs f even after ctx has ended.
func (s *Site) cleanUp(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	return f(ctx)
}

// cinderMessage is what Cinder says about an operation that failed after it was
// accepted.
type cinderMessage struct {
	ID      string `json:"id"`
	Text    string `json:"user_message"`
	Event   string `json:"event_id"` // "VOLUME_VOLUME_<action>_<detail>"
	Created string `json:"created_at"`
}

// noRoom are the details of events that say that something was full: no backend
// with room, a quota, an image larger than what is free.
var noRoom = []string{"003", "006", "007"}

func (m cinderMessage) code() psn.Code {
	detail := m.Event[strings.LastIndexByte(m.Event, '_')+1:]
	if slices.Contains(noRoom, detail) {
		return psn.Exhausted
	}
	return psn.Internal
}

// newest returns the message that came last.
func newest(messages []cinderMessage) cinderMessage {
	return slices.MaxFunc(messages, func(a, b cinderMessage) int {
		return strings.Compare(a.Created+a.ID, b.Created+b.ID)
	})
}

// volumeError says why a volume could not be made or changed. The message may
// come a moment after the volume's status.
func (s *Site) volumeError(ctx context.Context, c *gophercloud.ServiceClient, id, what string) error {
	for range 4 {
		var got struct{ Messages []cinderMessage }
		if err := get(ctx, c, "messages?"+url.Values{"resource_uuid": {id}}.Encode(), &got); err != nil {
			return psn.Errorf(psn.Internal, "volume %s could not be %s, and what Cinder says about it cannot be read: %w", id, what, err)
		}
		if len(got.Messages) > 0 {
			m := newest(got.Messages)
			return psn.Errorf(m.code(), "volume %s could not be %s: %s", id, what, strings.TrimSuffix(m.Text, "."))
		}
		if patience.Sleep(ctx, min(s.cfg.Poll, time.Second)) != nil {
			break
		}
	}
	return psn.Errorf(psn.Internal, "volume %s could not be %s, and Cinder does not say why: its log does", id, what)
}
