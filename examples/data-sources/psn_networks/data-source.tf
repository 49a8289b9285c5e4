data "psn_networks" "rozzano" {
  site      = "rozzano"
  platform  = "openstack"
  tenant_id = psn_tenant.brescia.id
}

output "ranges" {
  value = { for n in data.psn_networks.rozzano.networks : n.name => n.cidr }
}
