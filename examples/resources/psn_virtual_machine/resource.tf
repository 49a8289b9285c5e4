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
