output "standbys_of_acilia" {
  value = provider::psn::sites_for("strategic").standbys["acilia"] # ["rozzano", "santo-stefano-ticino"]
}
