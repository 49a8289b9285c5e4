data "psn_images" "rozzano" {
  site     = "rozzano"
  platform = "openstack"
}
