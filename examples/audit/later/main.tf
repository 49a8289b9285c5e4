# What follows ../clean after it was applied: the web site is dismissed, the
# objectives of protocollo are loosened, the placement has a new address and a
# new name.
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
    protocollo    = { category = "base", classification = "critical", continuity = { rpo = "1h", rto = "8h" } }
    conservazione = { category = "base", classification = "strategic", continuity = { rpo = "5m", rto = "1h" } }
  }
  workloads = {
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

moved {
  from = psn_placement.brescia
  to   = psn_placement.provincia
}

resource "psn_placement" "provincia" {
  name      = "produzione"
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
  for_each = psn_placement.provincia.assignments
  place    = each.value
}

check "placed" {
  assert {
    condition     = psn_placement.provincia.verdict == "placed"
    error_message = "The machines of the Provincia di Brescia do not fit."
  }
}
