# Places and replication: PLC, REP.
package psn.found

import data.psn.lib
import data.psn.lib.combined
import data.psn.lib.finding
import data.psn.lib.machines
import data.psn.lib.ranges
import data.psn.lib.tables
import data.psn.lib.text
import data.psn.lib.unk
import data.psn.lib.weighted

replicas := object.get(input, "replicas", [])

findings contains finding("PLC-001", o, m.id) if {
	some i, m in machines
	some o in combined(plc001(m, ranges[i][0]), plc001(m, ranges[i][1]))
}

plc001(m, c) := plc001_standby(m) if {
	lib.protected(c)
} else := "ok"

plc001_standby(m) := "undecidable" if {
	unk(m, "standby_site")
} else := "failed" if {
	text(m, "standby_site") == ""
} else := "undecidable" if {
	unk(m, "site")
} else := "failed" if {
	m.standby_site == text(m, "site")
} else := "ok" if {
	standby_sites(m) >= lib.parameter("min_replicas")
} else := "undecidable" if {
	unk(m, "more_standby_sites")
} else := "failed"

standby_sites(m) := count(({m.standby_site} | more_sites(m)) - {text(m, "site"), ""})

more_sites(m) := set() if {
	unk(m, "more_standby_sites")
} else := {s | some s in object.get(m, "more_standby_sites", [])}

# apart says whether a machine and its standby are at two sites of the PSN.
apart(m) := "undecidable" if {
	lib.any_unk(m, ["site", "standby_site"])
} else := "yes" if {
	tables.sites[text(m, "site")]
	tables.sites[text(m, "standby_site")]
	m.site != m.standby_site
} else := "no"

same_region(m) if tables.sites[m.site] == tables.sites[m.standby_site]

near(m) := "undecidable" if {
	apart(m) == "undecidable"
} else := "failed" if {
	apart(m) == "yes"
	same_region(m)
} else := "ok"

findings contains weighted("PLC-002", w[0], w[1], m.id) if {
	some i, m in machines
	some w in plc002(plc002_at(m, ranges[i][0]), plc002_at(m, ranges[i][1]))
}

plc002_at(_, "ordinary") := ["", "ok"]

plc002_at(m, c) := plc002_asked(m, lib.parameter(concat("", ["cross_region_", c]))) if c != "ordinary"

plc002_asked(_, 0) := ["", "ok"]

plc002_asked(m, 1) := ["warning", near(m)]

plc002_asked(m, n) := ["error", near(m)] if n > 1

plc002(mild, strict) := set() if {
	strict[1] == "ok"
} else := {[strict[0], "undecidable"]} if {
	mild[1] == "ok"
} else := {mild} if {
	mild[0] == strict[0]
} else := {mild, [strict[0], "undecidable"]}

findings contains finding("PLC-003", o, m.id) if {
	some i, m in machines
	some o in combined(plc003(m, ranges[i][0]), plc003(m, ranges[i][1]))
}

plc003(m, c) := near(m) if {
	lib.protected(c)
} else := "ok"

findings contains finding("PLC-004", o, m.id) if {
	lib.parameter("min_dr_km") > 0
	some i, m in machines
	some o in combined(plc004(m, ranges[i][0]), plc004(m, ranges[i][1]))
}

plc004(m, c) := far(m) if {
	lib.protected(c)
} else := "ok"

far(m) := "undecidable" if {
	apart(m) == "undecidable"
} else := "failed" if {
	apart(m) == "yes"
	tables.distances[m.site][m.standby_site] < lib.parameter("min_dr_km") * 10
} else := "ok"

findings contains finding("PLC-005", "failed", m.id) if {
	some m in machines
	text(m, "standby_site") != ""
	text(m, "site") == m.standby_site
	not lib.any_unk(m, ["site", "standby_site"])
}

findings contains finding("PLC-005", "undecidable", m.id) if {
	some m in machines
	unk(m, "anti_affinity")
}

grouped := [[[split(m.id, "/")[0], m.anti_affinity], m] |
	some m in machines
	text(m, "anti_affinity") != ""
	not unk(m, "anti_affinity")
]

group_keys := {g[0] | some g in grouped}

groups := {key: members |
	some key in group_keys
	members := [g[1] | some g in grouped; g[0] == key]
}

findings contains finding("PLC-005", "undecidable", m.id) if {
	some members in groups
	count(members) > 1
	some m in members
	unk(m, "site")
}

# One entry for each two machines of a group at one site.
pairs := [[a, b, free_site(members)] |
	some members in groups
	count(members) > 1
	some a in members
	not unk(a, "site")
	text(a, "site") != ""
	some b in members
	a.id < b.id
	text(b, "site") == a.site
	not unk(b, "site")
]

free_site(members) if {
	some s in object.keys(tables.sites)
	not site_used(members, s)
} else := false

site_used(members, s) if {
	some m in members
	not unk(m, "site")
	text(m, "site") == s
}

platforms_differ(a, b) if {
	text(a, "platform") != text(b, "platform")
	text(a, "platform") != ""
	text(b, "platform") != ""
	not unk(a, "platform")
	not unk(b, "platform")
}

no_cluster(m) if unk(m, "cluster")

no_cluster(m) if text(m, "cluster") == ""

pair_verdict(a, b) := ["site", ""] if {
	platforms_differ(a, b)
} else := ["undecidable", a.id] if {
	no_cluster(a)
} else := ["undecidable", b.id] if {
	no_cluster(b)
} else := ["failed", a.id] if {
	a.cluster == b.cluster
} else := ["site", ""]

findings contains finding("PLC-005", v[0], v[1]) if {
	some p in pairs
	v := pair_verdict(p[0], p[1])
	v[0] != "site"
}

findings contains weighted("PLC-005", "warning", "failed", p[0].id) if {
	some p in pairs
	pair_verdict(p[0], p[1])[0] == "site"
	p[2] == true
}

findings contains finding("PLC-008", "failed", concat("/", [h.site, h.platform, h.cluster])) if {
	some h in object.get(input, "headroom", [])
	text(h, "lost") == ""
	some f in ["vcpus", "memory_mib", "storage_mib"]
	object.get(object.get(h, "free", {}), f, 0) < 0
}

findings contains finding("PLC-006", "failed", concat("/", [h.site, h.platform, h.cluster])) if {
	some h in object.get(input, "headroom", [])
	text(h, "lost") != ""
	some f in ["vcpus", "memory_mib", "storage_mib"]
	object.get(object.get(h, "free", {}), f, 0) + unkept(h, f) < 0
}

# What of the compute of standbys need not be kept, or below 0 what is to be kept
# beside all of it: "free" counts 100 %.
unkept(h, f) := n - ceil((n * lib.parameter("dr_reserve")) / 100) if {
	f != "storage_mib"
	n := max([0, object.get(object.get(h, "reserved", {}), f, 0)])
} else := 0

findings contains finding("PLC-007", o, m.id) if {
	some i, m in machines
	some o in combined(plc007(m, ranges[i][0]), plc007(m, ranges[i][1]))
}

plc007(m, c) := plc007_by_hand(m, c) if {
	not m.from_placement
} else := "undecidable" if {
	lib.any_unk(m, ["placement_site", "site", "placement_standby_site", "standby_site"])
} else := "failed" if {
	text(m, "site") != text(m, "placement_site")
} else := "failed" if {
	text(m, "standby_site") != text(m, "placement_standby_site")
} else := "ok"

plc007_by_hand(m, c) := "ok" if {
	not lib.protected(c)
} else := "undecidable" if {
	unk(m, "from_placement")
} else := "failed"

findings contains finding("REP-001", o, r.id) if {
	some r in replicas
	o := rep001(r)
}

rep001(r) := "undecidable" if {
	unk(r, "mode")
} else := "ok" if {
	text(r, "mode") == "asynchronous"
} else := "failed" if {
	text(r, "mode") != "synchronous"
} else := "undecidable" if {
	lib.any_unk(r, ["from_site", "to_site"])
} else := "undecidable" if {
	not tables.distances[text(r, "from_site")][text(r, "to_site")]
} else := "failed" if {
	tables.distances[r.from_site][r.to_site] > lib.parameter("max_sync_km") * 10
} else := "ok"

number(o, f) := object.get(o, f, 0)

findings contains finding("REP-002", o, s.id) if {
	some s in lib.services
	r := lib.range_of_service(s)
	some o in combined(rep002(s, r[0]), rep002(s, r[1]))
}

rep002(s, c) := "ok" if {
	not lib.protected(c)
} else := "undecidable" if {
	unk(s, "rpo")
} else := "failed" if {
	objective_fails(s, "rpo", c)
} else := "undecidable" if {
	unk(s, "rto")
} else := "failed" if {
	objective_fails(s, "rto", c)
} else := "ok"

objective_fails(s, o, _) if number(s, concat("", [o, "_ns"])) <= 0

objective_fails(s, o, c) if {
	most := lib.parameter(concat("", ["max_", o, "_minutes_", c]))
	most > 0
	number(s, concat("", [o, "_ns"])) > most * 60000000000
}

findings contains finding("REP-002", "undecidable", r.id) if {
	some r in replicas
	lib.any_unk(r, ["interval", "rpo"])
}

findings contains finding("REP-002", "failed", r.id) if {
	some r in replicas
	not lib.any_unk(r, ["interval", "rpo"])
	limit := service_rpo(r)
	limit > 0
	number(r, "rpo_ns") > limit
}

findings contains finding("REP-002", "undecidable", r.id) if {
	some r in replicas
	not lib.any_unk(r, ["interval", "rpo"])
	unk(lib.service_of[text(r, "service")], "rpo")
	number(r, "interval_ns") > 0
}

findings contains finding("REP-002", "failed", r.id) if {
	some r in replicas
	not lib.any_unk(r, ["interval", "rpo"])
	not rpo_open(r)
	limits := [n | some n in [number(r, "rpo_ns"), service_rpo(r)]; n > 0]
	number(r, "interval_ns") > min(limits)
}

rpo_open(r) if {
	unk(lib.service_of[text(r, "service")], "rpo")
	number(r, "interval_ns") > 0
}

service_rpo(r) := number(s, "rpo_ns") if {
	s := lib.service_of[text(r, "service")]
	not unk(s, "rpo")
} else := 0

findings contains finding("REP-003", o, r.id) if {
	some r in replicas
	o := rep003(r)
}

rep003(r) := "undecidable" if {
	unk(r, "last_test")
} else := "failed" if {
	text(r, "last_test") == ""
} else := "undecidable" if {
	not lib.has_now
} else := "failed" if {
	floor((lib.now_ns - time.parse_rfc3339_ns(r.last_test)) / 86400000000000) > lib.parameter("max_test_age_days")
} else := "ok"
