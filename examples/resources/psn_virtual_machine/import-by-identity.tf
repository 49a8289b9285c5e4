import {
  to       = psn_virtual_machine.protocollo_db["protocollo-db-1"]
  identity = { tenant_id = "p_bs", name = "protocollo-db-1" }
}
