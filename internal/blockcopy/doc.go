// Package blockcopy is the data path: it brings the bytes of a source disk to a
// target, block by block, with a hash of every block, a crash-safe ledger and
// resume.
//
// It owns extents, zero detection, hashing, the manifest, the ledger, ordering
// of data and records on stable storage, throttling and verification. It knows
// readers and writers; it must not know hypervisors, workflows or Terraform.
package blockcopy
