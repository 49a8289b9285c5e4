# What only one platform has is asked of the other, and a mark of this project is
# given by hand: the plan fails before anything is touched.
terraform {
  required_providers {
    psn = { source = "italia/psn" }
  }
}

provider "psn" {}

resource "psn_virtual_machine" "vendor_data_on_openstack" {
  name                   = "sportello-2"
  service_id             = "p_bs/sito-web"
  classification         = "ordinary"
  site                   = "acilia"
  platform               = "openstack"
  cluster                = "acilia-az1"
  vcpus                  = 1
  memory_gib             = 1
  disks                  = [{ size_gib = 1 }]
  vendor_data_wo         = "#cloud-config"
  vendor_data_wo_version = 1
}

resource "psn_virtual_machine" "security_group_on_vsphere" {
  name            = "sportello-3"
  service_id      = "p_bs/sito-web"
  classification  = "ordinary"
  site            = "acilia"
  platform        = "vsphere"
  cluster         = "acilia-cl01"
  vcpus           = 1
  memory_gib      = 1
  disks           = [{ size_gib = 1 }]
  security_groups = ["web"]
  metadata        = { "psn.id" = "another" }
}
