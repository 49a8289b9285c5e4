# Migrations and candidatures: MIG, FND.
package psn.found

import data.psn.lib
import data.psn.lib.finding
import data.psn.lib.tables
import data.psn.lib.text
import data.psn.lib.unk
import data.psn.lib.weighted

migrations := object.get(input, "migrations", [])

candidatures := object.get(input, "candidatures", [])

under_call(m) if text(m, "call") != ""

under_call(m) if unk(m, "call")

no_call(o) if unk(o, "call")

no_call(o) if not lib.call_of(o)

findings contains finding("MIG-001", o, m.id) if {
	some m in migrations
	under_call(m)
	o := mig001(m)
}

mig001(m) := "undecidable" if {
	no_call(m)
} else := "ok" if {
	not tables.matrices[object.get(lib.call_of(m), "matrix", "")]
} else := "undecidable" if {
	lib.any_unk(m, ["origin", "destination", "funded_mode"])
} else := "failed" if {
	not cell(m)
} else := "failed" if {
	object.get(cell(m), "mode", "") == ""
} else := "failed" if {
	not text(m, "funded_mode") in {"", "A", "B"}
} else := "failed" if {
	text(m, "funded_mode") == "B"
	cell(m).mode == "A"
} else := "failed" if {
	text(m, "funded_mode") == "A"
	not transfers(m)
} else := first_step(m, cell(m).since) if {
	cell(m).outcome == "conditional"
} else := "ok"

cell(m) := matrix.verdicts[matrix.cells[text(m, "origin")][text(m, "destination")]] if {
	matrix := tables.matrices[lib.call_of(m).matrix]
}

# transfers: from the origin something can move in mode A.
transfers(m) if {
	matrix := tables.matrices[lib.call_of(m).matrix]
	some verdict in matrix.cells[text(m, "origin")]
	matrix.verdicts[verdict].mode == "A"
}

first_step(m, since) := "undecidable" if {
	unk(m, "first_step")
} else := "undecidable" if {
	text(m, "first_step") == ""
} else := "failed" if {
	not lib.is_day(m.first_step)
} else := "failed" if {
	m.first_step < since
} else := "ok"

findings contains finding("MIG-002", o, m.id) if {
	some m in migrations
	o := mig002(m)
}

known_other(m, f, v) if {
	not unk(m, f)
	not text(m, f) in v
}

mig002(m) := "ok" if {
	not unk(m, "changes")
	text(m, "changes") == ""
} else := "ok" if {
	known_other(m, "funded_mode", {"A"})
} else := "ok" if {
	known_other(m, "destination", {"iaas"})
} else := "undecidable" if {
	lib.any_unk(m, ["funded_mode", "destination", "changes"])
} else := "failed"

completed(m) if m.completed == true

findings contains finding("MIG-003", o, m.id) if {
	some m in migrations
	o := mig003(m)
}

mig003(m) := "undecidable" if {
	unk(m, "completed")
} else := "ok" if {
	not completed(m)
} else := "undecidable" if {
	unk(m, "parts")
} else := "undecidable" if {
	count(object.get(m, "parts", [])) == 0
} else := "failed" if {
	some p in m.parts
	not unk(p, "moved")
	not p.moved
} else := "undecidable" if {
	some p in m.parts
	unk(p, "moved")
} else := "ok"

findings contains finding("MIG-004", o, m.id) if {
	some m in migrations
	o := mig004(m)
}

mig004(m) := "ok" if {
	not unk(m, "improvement_declaration")
	text(m, "improvement_declaration") != ""
} else := "ok" if {
	known_other(m, "funded_mode", {"A"})
} else := "ok" if {
	known_other(m, "destination", {"paas", "saas"})
} else := "undecidable" if {
	lib.any_unk(m, ["funded_mode", "destination", "improvement_declaration"])
} else := "failed"

findings contains finding("MIG-005", o, m.id) if {
	some m in migrations
	o := mig005(m, lib.demand(m, ["acceptance_test", "security_review"]))
}

mig005(m, papers) := "failed" if {
	known_other(m, "phase", {""})
	not text(m, "phase") in tables.phases
} else := "ok" if {
	papers == "ok"
} else := papers if {
	due(m)
} else := "undecidable" if {
	lib.any_unk(m, ["phase", "completed"])
} else := "ok"

due(m) if {
	completed(m)
	not unk(m, "completed")
}

due(m) if {
	not unk(m, "phase")
	text(m, "phase") in {"cutover", "verified", "production", "decommissioned"}
}

list_of(c, f) := object.get(c, f, [])

all_services(c) := array.concat(array.concat(list_of(c, "services"), list_of(c, "transfers")), list_of(c, "upgrades"))

findings contains finding("FND-001", "undecidable", c.id) if {
	some c in candidatures
	unk(c, "call")
}

findings contains finding("FND-001", "failed", c.id) if {
	some c in candidatures
	not unk(c, "call")
	not lib.call_of(c)
}

findings contains finding("FND-001", "undecidable", c.id) if {
	some c in candidatures
	not no_call(c)
	lib.any_unk(c, ["services", "transfers", "upgrades"])
}

# Candidatures whose services are all known.
decided := [c |
	some c in candidatures
	not no_call(c)
	not lib.any_unk(c, ["services", "transfers", "upgrades"])
]

findings contains finding("FND-001", "failed", c.id) if {
	some c in decided
	not admits(lib.call_of(c), count(all_services(c)))
}

admits(call, n) if {
	n >= call.services.min
	n <= object.get(call.services, "max", 1000000)
}

findings contains finding("FND-001", "failed", c.id) if {
	some c in decided
	all := all_services(c)
	count({id | some id in all}) < count(all)
}

findings contains finding("FND-001", o, c.id) if {
	some c in decided
	some id in all_services(c)
	o := classified(id)
}

classified(id) := "undecidable" if {
	not lib.service_of[id]
} else := "undecidable" if {
	unk(lib.service_of[id], "classification")
} else := "failed" if {
	lib.class_of(lib.service_of[id]) == ""
}

findings contains finding("FND-002", o, m.id) if {
	some m in migrations
	under_call(m)
	o := fnd002(m)
}

fnd002(m) := "undecidable" if {
	no_call(m)
} else := "undecidable" if {
	unk(m, "start_date")
} else := "undecidable" if {
	text(m, "start_date") == ""
	maybe_completed(m)
} else := "ok" if {
	text(m, "start_date") == ""
} else := "failed" if {
	not lib.is_day(m.start_date)
} else := "failed" if {
	m.start_date < lib.call_of(m).earliest_start
} else := "ok"

maybe_completed(m) if completed(m)

maybe_completed(m) if unk(m, "completed")

# The other rules on candidatures cannot be decided without the call.
findings contains finding(id, "undecidable", c.id) if {
	some c in candidatures
	no_call(c)
	some id in ["FND-003", "FND-004", "FND-005"]
}

findings contains weighted("FND-006", fnd006_severity, "undecidable", c.id) if {
	some c in candidatures
	no_call(c)
}

findings contains finding("FND-003", o, c.id) if {
	some c in candidatures
	not no_call(c)
	some o in fnd003(c)
}

fnd003(c) := {"undecidable"} if {
	unk(c, "decree_date")
} else := set() if {
	text(c, "decree_date") == ""
} else := {"failed"} if {
	not lib.is_day(c.decree_date)
} else := {"failed"} if {
	deadline(lib.call_of(c), c.decree_date, known_grant(c))
	c.decree_date < first_decree(lib.call_of(c))
} else := {"failed"} if {
	c.decree_date > deadline(lib.call_of(c), c.decree_date, known_grant(c))
} else := ends(c, deadline(lib.call_of(c), c.decree_date, known_grant(c))) if {
	deadline(lib.call_of(c), c.decree_date, known_grant(c))
} else := {"undecidable"}

# first_decree: the earliest date that a decree of the call can have.
first_decree(call) := min({d.date | some d in call.decrees}) if {
	count(call.decrees) > 0
} else := min(opens) if {
	opens := {w.opens | some w in call.windows; w.opens != ""}
	count(opens) > 0
} else := call.earliest_start

known_grant(c) := 0 if {
	unk(c, "grant_euro")
} else := object.get(c, "grant_euro", 0)

# deadline is undefined when the tables or the grant do not give it.
deadline(call, decree, grant) := fixed_end(call.fixed_ends, grant) if {
	count(object.get(call, "fixed_ends", [])) > 0
} else := min([last_end(call, decree, grant), object.get(call, "latest_end", "9999")]) if {
	count(object.get(call, "steps", [])) > 0
	enough(call, grant)
}

enough(_, grant) if grant > 0

enough(call, _) if every s in call.steps { object.get(s, "up_to_grant_euro", 0) == 0 }

fits(o, _) if object.get(o, "up_to_grant_euro", 0) == 0

fits(o, grant) if grant <= o.up_to_grant_euro

fixed_end(list, grant) := fitting[0] if {
	grant > 0
	fitting := [e.end | some e in list; fits(e, grant)]
}

# steps_for keeps the first step of each id that fits the grant.
steps_for(call, grant) := [s |
	some i, s in call.steps
	fits(s, grant)
	not earlier(call.steps, i, s.id, grant)
]

earlier(steps, i, id, grant) if {
	some j, s in steps
	j < i
	s.id == id
	fits(s, grant)
}

# Steps that follow each other add up from the last one that starts at the decree.
last_end(call, decree, grant) := lib.later(decree, months, days) if {
	steps := steps_for(call, grant)
	start := max([i | some i, s in steps; starts(s, i)])
	tail := array.slice(steps, start, count(steps))
	months := sum([object.get(s, "months", 0) | some s in tail])
	days := sum([object.get(s, "days", 0) | some s in tail])
}

starts(s, _) if s.from == "decree"

starts(_, 0)

ends(c, end) := {"undecidable"} if {
	unk(c, "completion_date")
} else := day_outcome(c.completion_date, end) if {
	text(c, "completion_date") != ""
} else := overdue(end) | planned(c, end)

day_outcome(day, end) := {"failed"} if {
	not lib.is_day(day)
} else := {"failed"} if {
	day > end
} else := set()

overdue(end) := {"failed"} if {
	lib.today > end
} else := set()

planned(c, end) := {"undecidable"} if {
	unk(c, "end_date")
} else := day_outcome(c.end_date, end) if {
	text(c, "end_date") != ""
} else := {"undecidable"} if {
	not lib.has_now
} else := set()

findings contains finding("FND-004", o, c.id) if {
	some c in candidatures
	not no_call(c)
	lib.call_of(c).grant
	o := fnd004(c)
}

fnd004(c) := "undecidable" if {
	unk(c, "grant_euro")
} else := "ok" if {
	object.get(c, "grant_euro", 0) == 0
} else := "undecidable" if {
	lib.any_unk(c, ["transfers", "upgrades"])
} else := "failed" if {
	a := count(list_of(c, "transfers"))
	b := count(list_of(c, "upgrades"))
	admits(lib.call_of(c), a + b)
	g := lib.call_of(c).grant
	c.grant_euro != (g.lump_sum_euro + (a * g.transfer_euro)) + (b * g.upgrade_euro)
} else := "ok"

findings contains finding("FND-005", o, c.id) if {
	some c in candidatures
	not no_call(c)
	lib.call_of(c).caps
	some f in ["servers", "virtual_machines"]
	o := fnd005(c, f)
}

fnd005(c, f) := "undecidable" if {
	unk(c, f)
} else := "failed" if {
	object.get(c, f, 0) < 0
} else := "failed" if {
	object.get(c, f, 0) > lib.call_of(c).caps[f]
} else := "ok"

fnd006_severity := "error" if {
	lib.parameter("strict") > 0
} else := "warning"

findings contains weighted("FND-006", fnd006_severity, o, id) if {
	some c in candidatures
	not no_call(c)
	some id in all_services(c)
	s := lib.service_of[id]
	changing(s)
	o := fnd006(c, s)
}

# A migration that was paid, without its candidature.
findings contains weighted("FND-006", fnd006_severity, "undecidable", m.id) if {
	some m in migrations
	maybe_paid(m)
	changing(lib.service_of[text(m, "service")])
	no_call(m)
}

findings contains weighted("FND-006", fnd006_severity, o, s.id) if {
	some m in migrations
	maybe_paid(m)
	not no_call(m)
	s := lib.service_of[text(m, "service")]
	changing(s)
	o := fnd006(m, s)
}

maybe_paid(m) if {
	under_call(m)
	text(m, "paid_date") != ""
}

maybe_paid(m) if {
	under_call(m)
	unk(m, "paid_date")
}

changing(s) if text(s, "change") in {"destroy", "downsize"}

changing(s) if unk(s, "change")

fnd006(c, s) := "undecidable" if {
	unk(c, "paid_date")
} else := "ok" if {
	text(c, "paid_date") == ""
} else := "undecidable" if {
	unk(s, "change")
} else := "failed" if {
	not lib.is_day(c.paid_date)
} else := "undecidable" if {
	not lib.has_now
} else := "failed" if {
	lib.today <= sprintf("%d-12-31", [to_number(substring(c.paid_date, 0, 4)) + lib.call_of(c).keep_years])
} else := "ok"

findings contains finding("FND-007", o, c.id) if {
	some c in candidatures
	o := fnd007(c)
}

fnd007(c) := "undecidable" if {
	unk(c, "double_funding_declaration")
} else := "failed" if {
	text(c, "double_funding_declaration") == ""
}
