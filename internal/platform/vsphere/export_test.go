package vsphere

import "time"

// FlatExtent is for tests.
var FlatExtent = flatExtent

// SetPage sets how many objects one answer may hold.
func (s *Site) SetPage(n int32) { s.page = n }

// SetSettle sets how long the tagging service may not know of what was just made.
func (s *Site) SetSettle(d time.Duration) { s.tags.settle = d }

// Claims counts the volumes whose makers were not told yet that they were made.
func (s *Site) Claims() int {
	s.claims.mu.Lock()
	defer s.claims.mu.Unlock()
	return len(s.claims.m)
}

// Readable is for tests.
var Readable = readable

// For tests.
var (
	Metadata      = metadata
	OwnNetwork    = ownNetwork
	PortGroupName = portGroupName
	Nearest       = nearest
	DisksIn       = disksIn
)
