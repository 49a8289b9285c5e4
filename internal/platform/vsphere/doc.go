// Package vsphere implements the driver contract on VMware vCenter. It is the
// only package that imports govmomi's client.
//
// It owns how a session is opened, trusted and renewed, how the whole of a site
// is read in a constant number of requests, how our machines are marked (a
// reproducible instance UUID, labels in ExtraConfig, tags) and how snapshots,
// changed areas, disk bytes and hot-added disks are reached. It must not know
// Terraform, policy, placement or the ledger of a copy.
package vsphere
