terraform import psn_volume.archivio p_bs/rozzano/openstack/archivio
