data "psn_storage_classes" "rozzano" {
  site     = "rozzano"
  platform = "openstack"
}
