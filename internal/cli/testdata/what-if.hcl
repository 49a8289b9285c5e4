# Every place is forced: by the sites allowed, and by where machines stand.
tenant = "p_bs"

workloads = [
  {
    name = "banca-dati", service = "p_bs/protocollo", classification = "critical", instances = 1, sites = ["acilia"]
    per_instance = { vcpus = 4, memory_mib = 16384, storage_mib = 102400 }
  },
  {
    name = "sito", service = "p_bs/sito", classification = "ordinary", instances = 2, sites = ["pomezia"]
    per_instance = { vcpus = 2, memory_mib = 8192, storage_mib = 51200 }
  },
]

sites = [
  { site = "acilia", platform = "vsphere", clusters = [{ name = "a1", capacity = { vcpus = 32, memory_mib = 131072, storage_mib = 1048576 } }] },
  { site = "pomezia", platform = "vsphere", clusters = [{ name = "p1", capacity = { vcpus = 32, memory_mib = 131072, storage_mib = 1048576 } }] },
  { site = "rozzano", platform = "vsphere", clusters = [{ name = "r1", capacity = { vcpus = 32, memory_mib = 131072, storage_mib = 1048576 } }] },
]

current = {
  "banca-dati-1" = { vm = "banca-dati-1", workload = "banca-dati", service = "p_bs/protocollo", classification = "critical", site = "acilia", platform = "vsphere", cluster = "a1", standby_site = "rozzano", standby_platform = "vsphere", standby_cluster = "r1", resources = { vcpus = 4, memory_mib = 16384, storage_mib = 102400 } }
  "sito-1"       = { vm = "sito-1", workload = "sito", service = "p_bs/sito", classification = "ordinary", site = "pomezia", platform = "vsphere", cluster = "p1", resources = { vcpus = 2, memory_mib = 8192, storage_mib = 51200 } }
}
