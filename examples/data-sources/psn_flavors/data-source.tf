data "psn_flavors" "rozzano" {
  site     = "rozzano"
  platform = "openstack"
}

# The smallest size with at least 4 CPUs and 16 GiB.
output "size" {
  value = [for f in data.psn_flavors.rozzano.flavors : f.name if f.vcpus >= 4 && f.memory_mib >= 16384][0]
}
