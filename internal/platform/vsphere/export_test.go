package vsphere

// FlatExtent is for tests.
var FlatExtent = flatExtent

// SetPage sets how many objects one answer may hold.
func (s *Site) SetPage(n int32) { s.page = n }

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
