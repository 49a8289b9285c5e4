// Package openstack implements the driver contract on one region of an
// OpenStack cloud. It is the only package that imports gophercloud.
//
// It owns how the cloud is reached and trusted, how tokens are scoped and
// renewed, which versions of the services are spoken, how the whole of a region
// is read in a number of requests that grows by pages only, and how objects of
// ours are marked (tags of projects and servers, metadata of servers and
// volumes, names of ports). A tenant is a Keystone project; a cluster is an
// availability zone.
//
// Calls of one process that make the same thing wait for each other. Of two
// processes, OpenStack itself keeps apart those that make a tenant (names of
// projects are unique) or a machine (one boot volume goes to one server): both
// come to the same one, or the second is refused where it names itself as the
// maker. Names of networks, security groups, volumes and
// images are not unique in OpenStack and nothing there is compared and set: who
// has made one looks at all of the name a moment later, and gives way to the
// oldest, taking its own, still empty, away. Images are compared when they are
// whole. State that two processes share is to be locked all the same, as
// Terraform's backends do.
//
// It must not know Terraform, policy, placement or the ledger of a copy.
package openstack
