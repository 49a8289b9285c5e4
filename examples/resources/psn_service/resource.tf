resource "psn_service" "protocollo" {
  tenant_id            = psn_tenant.brescia.id
  name                 = "protocollo"
  category             = "funzionamento"
  classification       = "critical"
  classification_state = "validated"
  classification_date  = "2024-11-30"
  continuity           = { rpo = "15m", rto = "4h" }
  data_location        = "IT"

  backup_policy     = "backup-giornaliero-90g"
  key_reference     = "hsm-p_bs-1/radice"
  key_management    = "hyok"
  hsm               = "hsm-p_bs-1"
  metadata_location = "IT"
  log_location      = "IT"
  backup_location   = "IT"
  site_list         = "DOC-2025-12"
  staff_list        = "DOC-2025-13"
  qualification     = "QC4"

  backups = {
    giornaliero = { site = "pomezia", retention_days = 90 }
    mensile     = { site = "rozzano", retention_days = 365 }
  }

  migration = {
    call        = "pnrr-1.2-province-2025"
    origin      = "on-premise-structured"
    destination = "iaas"
    funded_mode = "A"
    start_date  = "2025-09-01"
    phase       = "replicating"
  }
}
