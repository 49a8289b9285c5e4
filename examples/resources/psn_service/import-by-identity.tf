import {
  to       = psn_service.protocollo
  identity = { tenant_id = "p_bs", name = "protocollo" }
}
