data "psn_inventory" "now" {}

resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    protocollo-db = {
      service_id     = psn_service.protocollo.id
      classification = psn_service.protocollo.classification
      instances      = 2
      vcpus          = 4
      memory_gib     = 16
      storage_gib    = 200
      anti_affinity  = true
    }
  }
}
