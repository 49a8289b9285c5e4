// Package platform is the portable handle of one site on one platform: opened
// when first needed, with an inventory that is read once and shared, limits on
// what runs at a time, and a few repeats of what is safe to repeat.
//
// The rules that hold on every hypervisor live here, once; what differs lives
// behind platform/driver. The package must not know any hypervisor, Terraform
// or policy.
package platform
