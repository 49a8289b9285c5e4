# A city's machines, where they stand today and what the four sites have.
# Names are those of the JSON form; amounts are in MiB.
tenant = "c_b157" # IPA code of the Comune di Brescia

workloads = [
  {
    name = "protocollo-db", service = "c_b157/protocollo", classification = "critical", instances = 2, anti_affinity = true
    per_instance = { vcpus = 8, memory_mib = 65536, storage_mib = 1048576 }
    near         = ["rozzano"]
  },
  {
    name = "protocollo-app", service = "c_b157/protocollo", classification = "critical", instances = 3
    per_instance = { vcpus = 4, memory_mib = 16384, storage_mib = 102400 }
    near         = ["rozzano"]
  },
  {
    name = "anagrafe-db", service = "c_b157/anagrafe", classification = "strategic", instances = 2, anti_affinity = true
    per_instance = { vcpus = 16, memory_mib = 131072, storage_mib = 2097152 }
  },
  {
    name = "anagrafe-app", service = "c_b157/anagrafe", classification = "strategic", instances = 4
    per_instance = { vcpus = 4, memory_mib = 16384, storage_mib = 102400 }
  },
  {
    name = "polizia-locale", service = "c_b157/polizia-locale", classification = "strategic", instances = 2
    per_instance = { vcpus = 8, memory_mib = 32768, storage_mib = 512000 }
    standby_mode = "active-active"
  },
  {
    name = "gis", service = "c_b157/gis", classification = "ordinary", instances = 2
    per_instance = { vcpus = 8, memory_mib = 32768, storage_mib = 3145728 }
    gpus         = 1
  },
  {
    name = "portale", service = "c_b157/portale", classification = "ordinary", instances = 5, anti_affinity = true
    per_instance = { vcpus = 2, memory_mib = 8192, storage_mib = 51200 }
    platforms    = ["openstack"]
  },
]

# The portal stays off the clusters that the GIS runs on.
groups = [
  { name = "front", kind = "anti-affinity", workloads = ["portale", "gis"] },
]

sites = [
  { site = "rozzano", platform = "vsphere", clusters = [
    { name = "prod-1", capacity = { vcpus = 64, memory_mib = 524288, storage_mib = 10485760 } },
    { name = "prod-2", capacity = { vcpus = 64, memory_mib = 524288, storage_mib = 10485760 } },
  ] },
  { site = "rozzano", platform = "openstack", clusters = [
    { name = "az-1", capacity = { vcpus = 96, memory_mib = 393216, storage_mib = 10485760 } },
    { name = "az-2", capacity = { vcpus = 96, memory_mib = 393216, storage_mib = 10485760 } },
  ] },
  { site = "santo-stefano-ticino", platform = "vsphere", clusters = [
    # Another administration already holds a third of it, and the reserve for the loss of Rozzano.
    { name = "prod-1", capacity = { vcpus = 64, memory_mib = 524288, storage_mib = 10485760 }, commitments = [
      { tenant = "c_f205", service = "c_f205/tributi", resources = { vcpus = 20, memory_mib = 163840, storage_mib = 2097152 } },
      { tenant = "c_f205", service = "c_f205/anagrafe", for_site = "rozzano", resources = { vcpus = 8, memory_mib = 65536, storage_mib = 1048576 } },
    ] },
  ] },
  { site = "santo-stefano-ticino", platform = "openstack", clusters = [
    { name = "az-1", capacity = { vcpus = 48, memory_mib = 196608, storage_mib = 5242880 } },
    { name = "az-2", capacity = { vcpus = 48, memory_mib = 196608, storage_mib = 5242880 } },
  ] },
  { site = "acilia", platform = "vsphere", clusters = [
    { name = "prod-1", capacity = { vcpus = 64, memory_mib = 524288, storage_mib = 10485760 } },
    { name = "prod-2", capacity = { vcpus = 64, memory_mib = 524288, storage_mib = 10485760 } },
  ] },
  { site = "acilia", platform = "openstack", clusters = [
    { name = "az-1", capacity = { vcpus = 48, memory_mib = 196608, storage_mib = 5242880 } },
    { name = "az-2", capacity = { vcpus = 48, memory_mib = 196608, storage_mib = 5242880 } },
  ] },
  { site = "pomezia", platform = "vsphere", clusters = [
    { name = "prod-1", capacity = { vcpus = 64, memory_mib = 524288, storage_mib = 10485760 } },
  ] },
]

# What the inventory does not say: GPUs, and prices in euro cents a month.
facts = [
  { site = "rozzano", platform = "vsphere", cluster = "prod-1", price = { per_vcpu = 1250, per_memory_gib = 210, per_storage_gib = 9 } },
  { site = "rozzano", platform = "vsphere", cluster = "prod-2", price = { per_vcpu = 1250, per_memory_gib = 210, per_storage_gib = 9 } },
  { site = "rozzano", platform = "openstack", cluster = "az-1", gpus = 2, price = { per_vcpu = 900, per_memory_gib = 150, per_storage_gib = 6 } },
  { site = "rozzano", platform = "openstack", cluster = "az-2", price = { per_vcpu = 900, per_memory_gib = 150, per_storage_gib = 6 } },
  { site = "santo-stefano-ticino", platform = "vsphere", cluster = "prod-1", price = { per_vcpu = 1200, per_memory_gib = 200, per_storage_gib = 8 } },
  { site = "santo-stefano-ticino", platform = "openstack", cluster = "az-1", price = { per_vcpu = 920, per_memory_gib = 155, per_storage_gib = 6 } },
  { site = "santo-stefano-ticino", platform = "openstack", cluster = "az-2", price = { per_vcpu = 920, per_memory_gib = 155, per_storage_gib = 6 } },
  { site = "acilia", platform = "vsphere", cluster = "prod-1", price = { per_vcpu = 1150, per_memory_gib = 190, per_storage_gib = 8 } },
  { site = "acilia", platform = "vsphere", cluster = "prod-2", price = { per_vcpu = 1150, per_memory_gib = 190, per_storage_gib = 8 } },
  { site = "acilia", platform = "openstack", cluster = "az-1", gpus = 2, price = { per_vcpu = 880, per_memory_gib = 145, per_storage_gib = 6 } },
  { site = "acilia", platform = "openstack", cluster = "az-2", price = { per_vcpu = 880, per_memory_gib = 145, per_storage_gib = 6 } },
  { site = "pomezia", platform = "vsphere", cluster = "prod-1", price = { per_vcpu = 1300, per_memory_gib = 220, per_storage_gib = 9 } },
]

# Where two of the machines stand today: they stay, unless they cannot or "rebalance = true" is set.
current = {
  "gis-1" = { vm = "gis-1", workload = "gis", service = "c_b157/gis", classification = "ordinary", site = "rozzano", platform = "openstack", cluster = "az-1", resources = { vcpus = 8, memory_mib = 32768, storage_mib = 3145728 } }
  "protocollo-db-1" = { vm = "protocollo-db-1", workload = "protocollo-db", service = "c_b157/protocollo", classification = "critical", site = "rozzano", platform = "vsphere", cluster = "prod-1", standby_site = "acilia", standby_platform = "vsphere", standby_cluster = "prod-1", resources = { vcpus = 8, memory_mib = 65536, storage_mib = 1048576 } }
}
