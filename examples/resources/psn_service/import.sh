terraform import psn_service.protocollo p_bs/protocollo
