output "brescia" {
  value = provider::psn::fiscal_code_valid("80008750178") # true
}
