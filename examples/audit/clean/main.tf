# The plan of an administration that passes every rule: three services, one of
# each class, over the four sites. The sites are those of PSN_CONFIG.
terraform {
  required_providers {
    psn = { source = "italia/psn" }
  }
}

provider "psn" {}

data "psn_inventory" "now" {}

resource "psn_tenant" "brescia" {
  name        = "Provincia di Brescia"
  ipa_code    = "p_bs"
  fiscal_code = "80008750178"
  cup         = "H81C22000390006"
  quota       = { vcpus = 128, memory_gib = 512, storage_gib = 8192 }
}

locals {
  services = {
    sito-web      = { category = "funzionamento", classification = "ordinary", continuity = null }
    protocollo    = { category = "base", classification = "critical", continuity = { rpo = "15m", rto = "4h" } }
    conservazione = { category = "base", classification = "strategic", continuity = { rpo = "5m", rto = "1h" } }
  }
  workloads = {
    web              = { service = "sito-web", instances = 2, vcpus = 2, memory_gib = 4, storage_gib = 20 }
    protocollo       = { service = "protocollo", instances = 1, vcpus = 4, memory_gib = 8, storage_gib = 50 }
    protocollo-db    = { service = "protocollo", instances = 2, vcpus = 4, memory_gib = 16, storage_gib = 200 }
    conservazione    = { service = "conservazione", instances = 2, vcpus = 8, memory_gib = 32, storage_gib = 500 }
    conservazione-db = { service = "conservazione", instances = 1, vcpus = 8, memory_gib = 64, storage_gib = 400 }
  }
}

resource "psn_service" "all" {
  for_each             = local.services
  tenant_id            = psn_tenant.brescia.id
  name                 = each.key
  category             = each.value.category
  classification       = each.value.classification
  classification_state = "validated"
  classification_date  = "2024-11-30"
  continuity           = each.value.continuity
  data_location        = "IT"
  backup_policy        = "backup-giornaliero-90g"
  qualification        = "QC4"
  key_reference        = "hsm-p_bs-1"
  key_management       = "hyok"
  hsm                  = "hsm-p_bs-1"
  staff_list           = "DOC-2025-13"
}

resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  quota     = psn_tenant.brescia.quota
  workloads = {
    for name, w in local.workloads : name => {
      service_id     = psn_service.all[w.service].id
      classification = psn_service.all[w.service].classification
      instances      = w.instances
      vcpus          = w.vcpus
      memory_gib     = w.memory_gib
      storage_gib    = w.storage_gib
      anti_affinity  = w.instances > 1
    }
  }
}

module "machines" {
  source   = "./machine"
  for_each = psn_placement.brescia.assignments
  place    = each.value
}

check "placed" {
  assert {
    condition     = psn_placement.brescia.verdict == "placed"
    error_message = "The machines of the Provincia di Brescia do not fit."
  }
}
