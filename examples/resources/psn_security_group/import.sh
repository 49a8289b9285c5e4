terraform import psn_security_group.web p_bs/rozzano/openstack/web
