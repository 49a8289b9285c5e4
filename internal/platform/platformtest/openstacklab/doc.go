// Package openstacklab is a real OpenStack to test against: Keystone, Nova,
// Placement, Neutron, Cinder and Glance of Debian 12, one isolated cloud for
// each site of the PSN, on loopback, behind TLS. The command "lab" beside this
// file makes and starts it ("make openstack-up"); the Go package finds a lab
// that runs, tells its test what is in it, and breaks it on purpose.
//
// Tests that need the lab stand in packages of their own, which hand their
// TestMain to Main. Such a package does nothing in a plain "go test ./...": it
// says so and has run no test. "make test-openstack" finds every package that
// calls Main, sets PSN_OPENSTACK to the lab's folder and runs them one after
// another. With the variable set nothing is left out: without a lab that
// answers they fail.
//
// The package knows no client library: how to speak OpenStack is the affair of
// those it is for.
package openstacklab
