terraform import psn_tenant.brescia p_bs
