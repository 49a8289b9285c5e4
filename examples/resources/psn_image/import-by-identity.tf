import {
  to = psn_image.debian
  identity = {
    site     = "rozzano"
    platform = "openstack"
    name     = "debian-12"
  }
}
