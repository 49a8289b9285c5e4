# The Provincia di Brescia on the OpenStack clouds of the PSN: a network, an
# image, rules of traffic, and machines of one schema with those on vSphere. The
# sites are those of PSN_CONFIG.
terraform {
  required_providers {
    psn = { source = "italia/psn" }
  }
}

provider "psn" {}

variable "image_file" {
  description = "Disk, in raw format, that the front desk starts from."
  type        = string
}

variable "zone" {
  description = "Availability zone of the front desk at Acilia."
  type        = string
  default     = "acilia-az1"
}

# Never in a plan or state. From a secret manager, or TF_VAR_password.
variable "password" {
  description = "Password that the front desk's guest sets at its first boot."
  type        = string
  ephemeral   = true
  sensitive   = true
}

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

# What the front desk needs at its site.
locals {
  acilia = { tenant_id = psn_tenant.brescia.id, site = "acilia", platform = "openstack" }
}

resource "psn_network" "desk" {
  tenant_id = local.acilia.tenant_id
  site      = local.acilia.site
  platform  = local.acilia.platform
  name      = "sportello"
  cidr      = "10.20.0.0/24"
  dhcp      = false
}

resource "psn_security_group" "web" {
  tenant_id = local.acilia.tenant_id
  site      = local.acilia.site
  platform  = local.acilia.platform
  name      = "web"
  rules = [
    { direction = "ingress", protocol = "tcp", first_port = 443 },
    { direction = "egress" },
  ]
}

resource "psn_image" "desk" {
  tenant_id = local.acilia.tenant_id
  site      = local.acilia.site
  platform  = local.acilia.platform
  name      = "sportello"
  format    = "raw"
  file      = var.image_file
}

# An ordinary machine may be put at a place by hand.
resource "psn_virtual_machine" "desk" {
  name            = "sportello-1"
  display_name    = "sportello"
  service_id      = psn_service.web.id
  classification  = psn_service.web.classification
  site            = local.acilia.site
  platform        = local.acilia.platform
  cluster         = var.zone
  vcpus           = 1
  memory_gib      = 1
  image           = psn_image.desk.ref
  disks           = [{ size_gib = 1 }, { size_gib = 1, storage_class = "performance" }]
  nics            = [{ network = psn_network.desk.name, fixed_ip = "10.20.0.10" }]
  security_groups = [psn_security_group.web.name]
  metadata        = { ufficio = "relazioni-con-il-pubblico" }

  user_data_wo         = <<-EOT
    #cloud-config
    password: ${var.password}
  EOT
  user_data_wo_version = 1
}

# All others stand where the placement puts them, and their standby.
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
    conservazione = {
      service_id     = psn_service.conservazione.id
      classification = psn_service.conservazione.classification
      platforms      = ["openstack"]
      instances      = 1
      vcpus          = 4
      memory_gib     = 16
      storage_gib    = 4
    }
  }
}

resource "psn_virtual_machine" "all" {
  for_each  = psn_placement.brescia.assignments
  placement = each.value
}
