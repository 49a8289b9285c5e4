package providertest

// Tenant is the Provincia di Brescia with three services, one of each class.
const Tenant = `
data "psn_inventory" "now" {}

resource "psn_tenant" "brescia" {
  name        = "Provincia di Brescia"
  ipa_code    = "p_bs"
  fiscal_code = "80008750178"
}

resource "psn_service" "web" {
  tenant_id            = psn_tenant.brescia.id
  name                 = "sito-web"
  category             = "funzionamento"
  classification       = "ordinary"
  classification_state = "validated"
  classification_date  = "2024-11-30"
  data_location        = "IT"
}

resource "psn_service" "protocollo" {
  tenant_id            = psn_tenant.brescia.id
  name                 = "protocollo"
  category             = "base"
  classification       = "critical"
  classification_state = "validated"
  classification_date  = "2024-11-30"
  continuity           = { rpo = "15m", rto = "4h" }
  data_location        = "IT"
}

resource "psn_service" "conservazione" {
  tenant_id            = psn_tenant.brescia.id
  name                 = "conservazione"
  category             = "base"
  classification       = "strategic"
  classification_state = "validated"
  classification_date  = "2024-11-30"
  continuity           = { rpo = "5m", rto = "1h" }
  data_location        = "IT"
}
`

// Workloads is a placement with one workload of each class, followed by more
// entries of its map, and the machines.
func Workloads(more string) string {
	return `
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    web = {
      service_id = psn_service.web.id, classification = psn_service.web.classification
      instances  = 1, vcpus = 2, memory_gib = 4, storage_gib = 20
    }
    protocollo-db = {
      service_id = psn_service.protocollo.id, classification = psn_service.protocollo.classification
      instances  = 2, vcpus = 4, memory_gib = 16, storage_gib = 50, anti_affinity = true
    }
    archivio = {
      service_id = psn_service.conservazione.id, classification = psn_service.conservazione.classification
      instances  = 1, vcpus = 2, memory_gib = 8, storage_gib = 100
    }
` + more + `
  }
}

resource "psn_virtual_machine" "all" {
  for_each  = psn_placement.brescia.assignments
  placement = each.value
}
`
}
