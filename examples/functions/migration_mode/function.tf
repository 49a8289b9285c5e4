output "protocollo" {
  # { mode = "A", outcome = "admissible", explanation = "…", citation = "…" }
  value = provider::psn::migration_mode("on-premise-structured", "iaas")
}
