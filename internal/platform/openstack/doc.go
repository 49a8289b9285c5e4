// Package openstack implements the driver contract on one region of an
// OpenStack cloud. It is the only package that imports gophercloud.
//
// It owns how the cloud is reached and trusted, how tokens are scoped and
// renewed, which versions of the services are spoken, how the whole of a region
// is read in a number of requests that grows by pages only, and how objects of
// ours are marked (tags of projects and servers, metadata of servers and
// volumes, names of ports). A tenant is a Keystone project; a cluster is an
// availability zone. It must not know Terraform, policy, placement or the
// ledger of a copy.
package openstack
