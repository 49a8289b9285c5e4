resource "psn_virtual_machine" "protocollo_db" {
  for_each  = { for name, a in psn_placement.brescia.assignments : name => a if a.workload == "protocollo-db" }
  placement = each.value
}

# An ordinary machine may be put at a place by hand.
resource "psn_virtual_machine" "prova" {
  name           = "prova-1"
  service_id     = psn_service.web.id
  classification = psn_service.web.classification
  site           = "acilia"
  cluster        = "acilia-a"
  vcpus          = 2
  memory_gib     = 4
  disks          = [{ size_gib = 40 }]
}

# The same on OpenStack. What only one platform has is refused on the other, in
# the plan and in words.
resource "psn_virtual_machine" "sportello" {
  name            = "sportello-1"
  service_id      = psn_service.web.id
  classification  = psn_service.web.classification
  site            = "rozzano"
  platform        = "openstack"
  cluster         = "rozzano-az1"
  vcpus           = 2
  memory_gib      = 4
  image           = psn_image.debian.ref
  disks           = [{ size_gib = 20 }, { size_gib = 100, storage_class = "performance" }]
  nics            = [{ network = psn_network.sportello.name, fixed_ip = "10.20.0.10" }]
  security_groups = [psn_security_group.web.name]
  ssh_keys        = [file("~/.ssh/id_ed25519.pub")]
  metadata        = { ufficio = "relazioni-con-il-pubblico" }

  user_data_wo         = local.cloud_config # never in a plan or state
  user_data_wo_version = 1
}
