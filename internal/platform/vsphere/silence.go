package vsphere

import "time"

// How long the server may be silent, before the answer and within it. Whatever
// takes long on a vCenter is a task, which is polled; only one call computes
// long before it answers.
const (
	loginSilence  = 30 * time.Second
	normalSilence = 60 * time.Second
	partSilence   = 5 * time.Second // of what only tidies up
	longSilence   = 5 * time.Minute // QueryChangedDiskAreas, which grows with the disk
)
