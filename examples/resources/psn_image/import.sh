terraform import psn_image.debian _/rozzano/openstack/debian-12
