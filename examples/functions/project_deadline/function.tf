output "deadline" {
  # { date = "2026-03-31", uncapped_date = "2026-04-17", capped = true, … }
  value = provider::psn::project_deadline("pnrr-1.2-province-2025", "2025-07-21")
}
