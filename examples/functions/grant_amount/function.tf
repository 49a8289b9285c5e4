output "five_upgrades" {
  value = provider::psn::grant_amount("pnrr-1.2-province-2025", 0, 5) # 931712
}
