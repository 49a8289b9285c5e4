# On vSphere a network is a port group, made by the number of its VLAN.
resource "psn_network" "dati" {
  tenant_id   = psn_tenant.brescia.id
  name        = "dati"
  site        = "acilia"
  platform    = "vsphere"
  description = "rete dei dati"
  vlan        = 120
}

# On OpenStack it has a range of addresses, and a router when it has an uplink.
resource "psn_network" "web" {
  tenant_id = psn_tenant.brescia.id
  name      = "web"
  site      = "rozzano"
  platform  = "openstack"
  cidr      = "10.20.0.0/24"
  dns       = ["10.20.0.53"]
  uplink    = "public"
}
