// Package peerbench measures what a refresh of many servers costs with this
// provider and, in the same run and on the same servers of the OpenStack lab,
// with terraform-provider-openstack: requests and bytes as the lab's TLS front
// counts them, and CPU time of the CLI and the provider. It holds benchmarks
// only; "make bench-openstack" runs them.
package peerbench
