data "psn_service_categories" "all" {}

output "categories" {
  value = { for c in data.psn_service_categories.all.categories : c.id => c.italian }
}
