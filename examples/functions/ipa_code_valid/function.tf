output "brescia" {
  value = provider::psn::ipa_code_valid("p_bs") # true
}
