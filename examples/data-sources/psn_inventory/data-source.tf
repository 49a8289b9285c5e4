data "psn_inventory" "now" {}

output "unreachable" {
  value = [for s in data.psn_inventory.now.sites : "${s.site} (${s.platform}): ${s.error}" if !s.reachable]
}
