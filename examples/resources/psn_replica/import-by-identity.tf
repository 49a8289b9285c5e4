import {
  to       = psn_replica.protocollo
  identity = { tenant_id = "p_bs", name = "protocollo-1" }
}
