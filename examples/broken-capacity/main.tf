# More than the sites can hold once one of them is lost: every machine fits on a
# normal day, none could be promised a standby. The plan fails before anything is
# touched.
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

resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    conservazione = {
      service_id     = psn_service.conservazione.id
      classification = psn_service.conservazione.classification
      instances      = 150
      vcpus          = 16
      memory_gib     = 64
      storage_gib    = 200
    }
  }
}
