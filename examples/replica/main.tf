# protocollo moves from the data centre of Brescia to the place decided for it in
# the operator's configuration (../brescia). Applying registers a durable
# workflow and returns.
terraform {
  required_providers {
    psn = { source = "italia/psn" }
  }
}

provider "psn" {}

variable "operator_state" {
  description = "State file of the operator's configuration."
  type        = string
  default     = "../operator/terraform.tfstate"
}

data "terraform_remote_state" "operator" {
  backend = "local"
  config  = { path = var.operator_state }
}

resource "psn_replica" "protocollo" {
  source           = { name = "brescia", vm = "protocollo" }
  placement        = data.terraform_remote_state.operator.outputs.protocollo
  rpo              = "10s"
  min_deltas       = 2
  bytes_per_second = 4 * 1024 * 1024
  shutdown_after   = "1m"
}

output "replica" {
  value = "${psn_replica.protocollo.id}: ${psn_replica.protocollo.status_phase}, workflow ${psn_replica.protocollo.workflow_id}"
}
