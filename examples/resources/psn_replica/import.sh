terraform import psn_replica.protocollo p_bs/protocollo-1
