# The Provincia di Brescia on the Polo Strategico Nazionale: three services, one
# of each class, over the four sites. The sites are those of PSN_CONFIG.
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
  quota       = { vcpus = 64, memory_gib = 256, storage_gib = 4096 }
}

resource "psn_service" "web" {
  tenant_id            = psn_tenant.brescia.id
  name                 = "sito-web"
  category             = "funzionamento"
  classification       = "ordinary"
  classification_state = "validated"
  classification_date  = "2024-11-30"
  data_location        = "IT"
  backup_policy        = "backup-giornaliero-30g"
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
  backup_policy        = "backup-giornaliero-90g"
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
  backup_policy        = "backup-giornaliero-10a"
}

resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  quota     = psn_tenant.brescia.quota

  workloads = {
    web = {
      service_id     = psn_service.web.id
      classification = psn_service.web.classification
      instances      = 2
      vcpus          = 2
      memory_gib     = 4
      storage_gib    = 20
      anti_affinity  = true
    }
    # The machine that comes from Brescia: psn_replica makes it (../replica).
    protocollo = {
      service_id     = psn_service.protocollo.id
      classification = psn_service.protocollo.classification
      instances      = 1
      vcpus          = 4
      memory_gib     = 8
      storage_gib    = 50
    }
    protocollo-db = {
      service_id     = psn_service.protocollo.id
      classification = psn_service.protocollo.classification
      instances      = 2
      vcpus          = 4
      memory_gib     = 16
      storage_gib    = 200
      anti_affinity  = true
    }
    conservazione = {
      service_id     = psn_service.conservazione.id
      classification = psn_service.conservazione.classification
      instances      = 2
      vcpus          = 8
      memory_gib     = 32
      storage_gib    = 500
      anti_affinity  = true
    }
  }
}

# Through a local, for_each reads the decision once and not once per machine.
locals {
  machines = { for name, a in psn_placement.brescia.assignments : name => a if a.workload != "protocollo" }
}

resource "psn_virtual_machine" "all" {
  for_each  = local.machines
  placement = each.value
}
