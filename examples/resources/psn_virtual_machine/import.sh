terraform import 'psn_virtual_machine.protocollo_db["protocollo-db-1"]' p_bs/protocollo-db-1
# A machine that somebody made by hand: the first apply marks it as p_bs/web-1.
terraform import psn_virtual_machine.web p_bs/web-1@acilia/vsphere/vm-42
