# The machine "protocollo" of the data centre in Brescia is kept in step at the
# place decided for it. Applying registers the replica and returns.

terraform {
  required_providers {
    psn = { source = "italia/psn" }
  }
}

provider "psn" {
  config_file = var.config_file
}

variable "config_file" {
  type        = string
  default     = null
  description = "Path of psn.yaml; by default the variable PSN_CONFIG tells."
}

variable "rpo" {
  type        = string
  default     = "1m"
  description = "Delta cycles start at most this far apart."
}

variable "bytes_per_second" {
  type        = number
  default     = null
  description = "Limit of the copy; null means none."
}

data "psn_inventory" "now" {}

resource "psn_service" "protocollo" {
  tenant_id            = "p_bs" # the tenant of the example "brescia"
  name                 = "protocollo"
  category             = "funzionamento"
  classification       = "critical"
  classification_state = "validated"
  classification_date  = "2024-11-30"
  continuity           = { rpo = "15m", rto = "4h" }
  data_location        = "IT"
}

resource "psn_placement" "protocollo" {
  tenant_id = "p_bs"
  name      = "protocollo"
  inventory = data.psn_inventory.now.sites

  workloads = {
    protocollo = {
      service_id     = psn_service.protocollo.id
      classification = psn_service.protocollo.classification
      instances      = 1
      vcpus          = 4
      memory_gib     = 8
      storage_gib    = 1
    }
  }
}

resource "psn_replica" "protocollo" {
  source           = { name = "brescia", vm = "protocollo" }
  placement        = psn_placement.protocollo.assignments["protocollo-1"]
  rpo              = var.rpo
  bytes_per_second = var.bytes_per_second
  verify           = "readback"
}

output "replica" {
  value = {
    id        = psn_replica.protocollo.id
    target    = psn_placement.protocollo.assignments["protocollo-1"].site
    standby   = psn_placement.protocollo.assignments["protocollo-1"].standby_site
    workflow  = psn_replica.protocollo.workflow_id
    phase     = psn_replica.protocollo.status_phase
    transport = psn_replica.protocollo.transport
  }
}
