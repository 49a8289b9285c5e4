resource "psn_tenant" "brescia" {
  name        = "Provincia di Brescia"
  ipa_code    = "p_bs"
  fiscal_code = "80008750178"
  quota       = { vcpus = 64, memory_gib = 256, storage_gib = 4096 }

  # What a site's platform itself keeps the tenant from exceeding.
  site_quotas = {
    rozzano = { instances = 20, vcpus = 32, memory_gib = 128, storage_gib = 2048 }
  }
}
