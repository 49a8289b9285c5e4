resource "psn_image" "debian" {
  name         = "debian-12"
  site         = "rozzano"
  platform     = "openstack"
  file         = "${path.module}/debian-12-generic-amd64.qcow2"
  format       = "qcow2"
  min_disk_gib = 4
  properties   = { hw_disk_bus = "scsi", hw_scsi_model = "virtio-scsi" }
}
