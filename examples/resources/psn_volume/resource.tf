resource "psn_volume" "archivio" {
  tenant_id   = psn_tenant.brescia.id
  name        = "archivio"
  site        = "rozzano"
  platform    = "openstack"
  size_gib    = 200
  attached_to = psn_virtual_machine.protocollo_db.id
}
