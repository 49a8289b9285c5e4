resource "psn_security_group" "web" {
  tenant_id = psn_tenant.brescia.id
  name      = "web"
  site      = "rozzano"
  platform  = "openstack"
  rules = [
    { direction = "ingress", protocol = "tcp", first_port = 443, description = "everyone" },
    { direction = "ingress", protocol = "tcp", first_port = 22, cidr = "10.20.0.0/24" },
    { direction = "ingress", group = "self" },
    { direction = "egress" },
  ]
}
