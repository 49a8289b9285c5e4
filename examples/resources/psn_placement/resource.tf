data "psn_inventory" "now" {}

resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    protocollo-db = {
      service_id     = psn_service.protocollo.id
      classification = psn_service.protocollo.classification
      instances      = 2
      vcpus          = 4
      memory_gib     = 16
      storage_gib    = 200
      anti_affinity  = true
      regions        = ["lazio"]
    }
  }

  # New firmware: what stands there moves away, and nothing goes there until the 4th.
  exclude = [{ site = "rozzano", platform = "vsphere", cluster = "prod-1", reason = "new firmware", until = "2026-12-04" }]

  # The link between the regions is not accepted yet: until March a standby may
  # stand in the region of its machine. The day of the plan decides whether the
  # derogation still holds.
  as_of = formatdate("YYYY-MM-DD", plantimestamp())
  derogations = [{
    id      = "DER-2026-014"
    rule    = "PLC-002"
    subject = psn_service.protocollo.id
    author  = "RTD della Provincia di Brescia"
    date    = "2026-10-01"
    reason  = "collegamento fra le regioni in collaudo fino a marzo"
    expiry  = "2027-03-31"
  }]
}
