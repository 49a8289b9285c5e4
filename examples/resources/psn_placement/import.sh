terraform import psn_placement.brescia p_bs/default
