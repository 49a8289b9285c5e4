package openstack

import (
	"net/http"
	"time"
)

// What the tests of pure parts need.
var (
	Begins       = begins
	CodeOf       = codeOf
	Message      = message
	ChooseNet    = chooseNet
	CheckChange  = checkChange
	Relabelled   = relabelled
	NearestSizes = nearestSizes
	ChooseSize   = chooseSize
	Limits       = limits
	CheckSpec    = checkSpec
)

type (
	Size           = size
	NeutronNetwork = neutronNetwork
	QuotaSet       = quotaSet
)

// UsageOf is what a quota set says of a service.
func UsageOf(q QuotaSet, service string) any { return q.usage(service) }

// Fresh is the handler that waits for what was just made.
func Fresh(next http.RoundTripper, poll time.Duration) http.RoundTripper {
	return &fresh{&recent{at: map[string]birth{}}, poll, next}
}
