# One tenant on both platforms: one placement decides over all sites, on vSphere
# and OpenStack alike, and keeps to the platforms that a workload allows. The
# sites are those of PSN_CONFIG.
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
  workloads = {
    web = {
      service_id     = psn_service.web.id
      classification = psn_service.web.classification
      platforms      = ["openstack"]
      instances      = 2
      vcpus          = 2
      memory_gib     = 4
      storage_gib    = 2
      anti_affinity  = true
    }
    protocollo = {
      service_id     = psn_service.protocollo.id
      classification = psn_service.protocollo.classification
      platforms      = ["vsphere"]
      instances      = 1
      vcpus          = 4
      memory_gib     = 8
      storage_gib    = 10
    }
    # Wherever there is room, home and standby each.
    conservazione = {
      service_id     = psn_service.conservazione.id
      classification = psn_service.conservazione.classification
      instances      = 2
      vcpus          = 2
      memory_gib     = 8
      storage_gib    = 4
      anti_affinity  = true
    }
  }
}

resource "psn_virtual_machine" "all" {
  for_each  = psn_placement.brescia.assignments
  placement = each.value
}
