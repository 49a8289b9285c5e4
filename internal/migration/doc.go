// Package migration holds the durable workflows that bring a source machine to
// its placement: one workflow per replica. It owns the phases, their order,
// what may be approved or rolled back when, and what is reported.
//
// Workflows talk to the world only through activities; activities talk to
// platforms through interfaces declared here and to bytes through blockcopy.
// The package must not know govmomi, gophercloud or Terraform.
package migration
