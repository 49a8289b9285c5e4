data "psn_tenant_usage" "brescia" {
  tenant_id = psn_tenant.brescia.id
}

# What is more than four fifths used. A limit that is null means unlimited, a
# cluster that is null the whole site.
output "scarce" {
  value = [
    for u in data.psn_tenant_usage.brescia.usage : "${coalesce(u.cluster, u.site)}: ${u.quantity}"
    if u.limit != null && u.used != null && u.used * 5 > u.limit * 4
  ]
}
