terraform import 'psn_virtual_machine.protocollo_db["protocollo-db-1"]' p_bs/protocollo-db-1
