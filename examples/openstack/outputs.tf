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

output "disruption" {
  description = "What the last change did to each machine."
  value       = merge({ sportello-1 = psn_virtual_machine.desk.disruption }, { for name, vm in psn_virtual_machine.all : name => vm.disruption })
}

output "stand" {
  description = "One line per machine and standby, for a look by the platforms' own tools: name, site, platform, role."
  value = join("\n", concat(
    ["${psn_virtual_machine.desk.display_name} ${psn_virtual_machine.desk.active_site} ${psn_virtual_machine.desk.platform} active"],
    [for name, vm in psn_virtual_machine.all : "${name} ${vm.active_site} ${vm.platform} active"],
    [for name, vm in psn_virtual_machine.all : "${name} ${vm.standby_site} ${vm.standby_platform} standby" if vm.standby_site != null],
  ))
}

output "desk" {
  description = "The platform's names of the front desk and its image."
  value       = { server = psn_virtual_machine.desk.display_name, image_sha256 = psn_image.desk.sha256 }
}
