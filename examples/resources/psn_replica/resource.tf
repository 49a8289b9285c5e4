resource "psn_replica" "protocollo" {
  source    = { name = "brescia", vm = "protocollo" }
  placement = psn_placement.brescia.assignments["protocollo-1"]
  rpo       = "15m"

  # When the time has come:
  #   phase       = "cutover"
  #   approved_by = "mario.rossi"
}
