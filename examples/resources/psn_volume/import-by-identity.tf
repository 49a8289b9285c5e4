import {
  to = psn_volume.archivio
  identity = {
    tenant_id = "p_bs"
    site      = "rozzano"
    platform  = "openstack"
    name      = "archivio"
  }
}
