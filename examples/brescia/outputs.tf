output "machines" {
  description = "Where every machine and its standby live."
  value = {
    for name, a in psn_placement.brescia.assignments :
    name => "${a.classification}: ${a.site} (${a.region}, ${a.platform})${a.standby_site == null ? "" : ", standby ${a.standby_site} (${a.standby_region})"}"
  }
}

output "verdict" {
  value = psn_placement.brescia.verdict
}

output "explanation" {
  value = psn_placement.brescia.explanation
}

output "findings" {
  description = "Rules not passed, with their basis."
  value = [
    for f in concat(psn_placement.brescia.findings, psn_service.web.findings, psn_service.protocollo.findings, psn_service.conservazione.findings) :
    "${f.severity} ${f.rule} ${f.subject}: ${f.message} [${f.citation}]"
  ]
}

output "protocollo" {
  description = "The place of the machine that comes from Brescia, for ../replica."
  value       = psn_placement.brescia.assignments["protocollo-1"]
}
