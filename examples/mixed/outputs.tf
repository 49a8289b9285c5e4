output "machines" {
  description = "Where every machine and its standby live."
  value = {
    for name, a in psn_placement.brescia.assignments :
    name => "${a.classification}: ${a.site} (${a.region}, ${a.platform})${a.standby_site == null ? "" : ", standby ${a.standby_site} (${a.standby_region}, ${a.standby_platform})"}"
  }
}

output "verdict" {
  value = psn_placement.brescia.verdict
}

output "stand" {
  description = "One line per machine and standby, for a look by the platforms' own tools: name, site, platform, role."
  value = join("\n", concat(
    [for name, vm in psn_virtual_machine.all : "${name} ${vm.active_site} ${vm.platform} active"],
    [for name, vm in psn_virtual_machine.all : "${name} ${vm.standby_site} ${vm.standby_platform} standby" if vm.standby_site != null],
  ))
}
