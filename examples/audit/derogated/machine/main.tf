# One machine at the place that was decided for it.
terraform {
  required_providers {
    psn = { source = "italia/psn" }
  }
}

variable "place" {
  description = "One value of psn_placement.….assignments."
  type        = any
}

resource "psn_virtual_machine" "this" {
  placement = var.place
}
