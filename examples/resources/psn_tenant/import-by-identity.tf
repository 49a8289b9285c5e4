import {
  to       = psn_tenant.brescia
  identity = { ipa_code = "p_bs" }
}
