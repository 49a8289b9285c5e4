# Classes, levels and locations: CLS, LVL, LOC.
package psn.found

import data.psn.lib
import data.psn.lib.combined
import data.psn.lib.finding
import data.psn.lib.machines
import data.psn.lib.rank
import data.psn.lib.ranges
import data.psn.lib.services
import data.psn.lib.tables
import data.psn.lib.text
import data.psn.lib.unk

findings contains finding("CLS-001", o, s.id) if {
	some s in services
	o := cls001(s)
}

cls001(s) := "undecidable" if {
	unk(s, "classification")
} else := "failed" if {
	not rank[text(s, "classification")]
}

findings contains finding("CLS-002", o, s.id) if {
	some s in services
	o := cls002(s)
}

cls002(s) := "undecidable" if {
	lib.any_unk(s, ["classification_state", "classification_date"])
} else := "failed" if {
	text(s, "classification_state") != "validated"
} else := "failed" if {
	not lib.is_day(text(s, "classification_date"))
} else := "failed" if {
	text(s, "classification_date") > lib.today
}

findings contains finding("CLS-003", o, m.id) if {
	some m in machines
	o := cls003(m)
}

cls003(m) := "undecidable" if {
	lib.any_unk(m, ["classification", "service"])
} else := o if {
	not lib.service_of[text(m, "service")]
	o := cls003_alone(m)
} else := "ok" if {
	text(m, "classification") == ""
} else := "failed" if {
	not rank[m.classification]
} else := o if {
	o := cls003_against(rank[m.classification], lib.class_of(lib.service_of[m.service]))
}

cls003_alone(m) := "ok" if {
	count(services) == 0
	text(m, "classification") != ""
} else := "undecidable"

cls003_against(own, "") := "undecidable" if own < 3

cls003_against(own, of) := "failed" if {
	of != ""
	own < rank[of]
}

findings contains finding("CLS-004", o, s.id) if {
	some s in services
	o := cls004(s, object.get(rank, text(s, "prior_classification"), 0))
}

cls004(s, before) := "undecidable" if {
	before > 1
	unk(s, "classification")
} else := "undecidable" if {
	before > 1
	rank[text(s, "classification")] < before
	text(s, "reclassification") == ""
	unk(s, "reclassification")
} else := "failed" if {
	before > 1
	rank[text(s, "classification")] < before
	text(s, "reclassification") == ""
}

findings contains finding("LVL-001", o, s.id) if {
	some s in services
	lib.own_level(s)
	some o in lvl001(s, lib.range_of_service(s))
}

findings contains finding("LVL-001", o, m.id) if {
	some i, m in machines
	lib.own_level(m)
	some o in lvl001(m, ranges[i])
}

# What a service goes to is declared, never assumed.
findings contains lib.weighted("LVL-001", "warning", "undecidable", s.id) if {
	some s in services
	not lib.own_level(s)
	not every_machine_says(s)
}

every_machine_says(s) if {
	count(lib.machines_of[s.id]) > 0
	every m in lib.machines_of[s.id] { lib.own_level(m) }
}

lvl001(o, _) := {"undecidable"} if {
	unk(o, "qualification")
} else := {"failed"} if {
	lib.level_rank(o) == 0
}

lvl001(o, range) := combined(lvl001_at(o, range[0]), lvl001_at(o, range[1])) if {
	not unk(o, "qualification")
	lib.level_rank(o) > 0
}

lvl001_at(o, c) := "failed" if {
	lib.level_rank(o) < tables.levels.rank[tables.levels.minimum[c]]
} else := "ok"

findings contains finding("LVL-002", o, m.id) if {
	lib.speaks("products")
	some i, m in machines
	some o in combined(lvl002(m, ranges[i][0]), lvl002(m, ranges[i][1]))
}

lvl002(m, c) := lvl002_undeclared(c) if {
	undeclared(m, "product")
} else := "failed" if {
	c == "strategic"
	not m.product in tables.products
} else := "failed" if {
	c == "strategic"
	m.product == "secure-public-cloud"
} else := "ok"

lvl002_undeclared(c) := "undecidable" if {
	c == "strategic"
} else := "ok"

undeclared(o, f) if unk(o, f)

undeclared(o, f) if text(o, f) == ""

findings contains finding("LVL-003", o, c.id) if {
	some c in object.get(input, "certificates", [])
	o := lvl003(c)
}

lvl003(c) := "undecidable" if {
	unk(c, "expires")
} else := lvl003_day(c.expires, 0) if {
	text(c, "expires") != ""
} else := "failed" if {
	text(c, "kind") != "qualification"
} else := "undecidable" if {
	unk(c, "issued")
} else := lvl003_day(text(c, "issued"), lib.parameter("qualification_months"))

lvl003_day(day, months) := "failed" if {
	not lib.is_day(day)
} else := "undecidable" if {
	not lib.has_now
} else := "failed" if {
	lib.today > lib.later(day, months, 0)
} else := "ok"

is_site(v) if tables.sites[v]

findings contains finding("LOC-001", o, m.id) if {
	some m in machines
	some f in ["site", "standby_site"]
	o := loc001(m, f)
}

findings contains finding("LOC-001", "undecidable", m.id) if {
	some m in machines
	unk(m, "more_standby_sites")
}

findings contains finding("LOC-001", "failed", m.id) if {
	some m in machines
	not unk(m, "more_standby_sites")
	some site in object.get(m, "more_standby_sites", [])
	not is_site(site)
}

findings contains finding("LOC-001", o, b.id) if {
	some b in object.get(input, "backups", [])
	o := loc001(b, "site")
}

findings contains finding("LOC-001", o, r.id) if {
	some r in object.get(input, "replicas", [])
	o := loc001(r, "to_site")
}

loc001(o, f) := "undecidable" if {
	unk(o, f)
} else := "ok" if {
	is_site(text(o, f))
} else := "failed" if {
	text(o, f) != ""
} else := "failed" if {
	f != "standby_site"
}

findings contains lib.weighted("LOC-002", w.severity, w.outcome, s.id) if {
	some s in services
	w := loc002(s)
}

loc002(s) := {"severity": "error", "outcome": "undecidable"} if {
	unk(s, "data_location")
} else := {"severity": "warning", "outcome": "undecidable"} if {
	lib.blank(s, "data_location")
} else := {"severity": "error", "outcome": "undecidable"} if {
	lib.outside_eu(s.data_location)
	unk(s, "data_location_derogation")
} else := {"severity": "error", "outcome": "failed"} if {
	lib.outside_eu(s.data_location)
}

findings contains finding("LOC-003", o, s.id) if {
	lib.speaks("metadata")
	some s in services
	some o in by_service(s, loc003(s))
}

# by_service turns the outcome for strategic services into that of s.
by_service(s, strategic) := combined(strategic_only(r[0], strategic), strategic_only(r[1], strategic)) if {
	r := lib.range_of_service(s)
}

strategic_only("strategic", o) := o

strategic_only(c, _) := "ok" if c != "strategic"

loc003(s) := "failed" if {
	some f in ["metadata_location", "log_location", "backup_location"]
	not unk(s, f)
	lib.outside_eu(text(s, f))
} else := lib.demand(s, ["metadata_location", "log_location", "backup_location", "site_list"])
