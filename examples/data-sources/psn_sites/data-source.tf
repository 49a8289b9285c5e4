data "psn_sites" "all" {}

output "distances_from_acilia" {
  value = one([for s in data.psn_sites.all.sites : s.distances_km if s.site == "acilia"])
}
