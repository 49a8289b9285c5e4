import {
  to = psn_security_group.web
  identity = {
    tenant_id = "p_bs"
    site      = "rozzano"
    platform  = "openstack"
    name      = "web"
  }
}
