import {
  to = psn_network.dati
  identity = {
    tenant_id = "p_bs"
    site      = "acilia"
    platform  = "vsphere"
    name      = "dati"
  }
}
