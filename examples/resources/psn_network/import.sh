terraform import psn_network.dati p_bs/acilia/vsphere/dati
