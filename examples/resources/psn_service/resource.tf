resource "psn_service" "protocollo" {
  tenant_id            = psn_tenant.brescia.id
  name                 = "protocollo"
  category             = "funzionamento"
  classification       = "critical"
  classification_state = "validated"
  classification_date  = "2024-11-30"
  continuity           = { rpo = "15m", rto = "4h" }
  data_location        = "IT"
}
