data "psn_funding_call" "province" {
  id = "pnrr-1.2-province-2025"
  on = "2025-06-01"
}

output "admissible_moves" {
  value = [for m in data.psn_funding_call.province.moves : "${m.origin} to ${m.destination}: mode ${m.mode}" if m.outcome == "admissible"]
}
