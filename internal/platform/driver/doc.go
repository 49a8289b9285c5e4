// Package driver is the seam between the portable platform.Site and a
// hypervisor. A backend implements Site and as many of the capability
// interfaces as its platform has notions for; callers discover a capability by
// type assertion and report psn.Unsupported when it is missing.
//
// Contract for every method: it honours the context; it is safe for concurrent
// use; its errors carry a psn.Code; it retries nothing but what the backend's
// own handler chain retries (throttling, expired sessions). Creation is
// idempotent by natural id: called again after a lost answer it returns the
// object made before, and it fails with psn.AlreadyExists when an object of
// that name is not ours.
//
// The package must not know any hypervisor, Terraform or the data path.
package driver
