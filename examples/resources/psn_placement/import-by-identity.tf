import {
  to       = psn_placement.brescia
  identity = { tenant_id = "p_bs", name = "default" }
}
