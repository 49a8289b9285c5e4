# The verdict: what was found, with the derogations applied.
#
#   opa eval --bundle . --input document.json data.psn.verdict.findings
package psn.verdict

import data.psn.found
import data.psn.lib
import data.psn.lib.finding
import data.psn.lib.tables
import data.psn.lib.text

# Every finding as {rule, severity, outcome, subject}; outcome is "failed",
# "undecidable" or "derogated".
findings contains f if {
	some f in raw
	not set_aside(f)
}

findings contains object.union(f, {"outcome": "derogated"}) if {
	some f in raw
	set_aside(f)
}

raw := {f |
	some f in found.findings
	f.outcome in {"failed", "undecidable"}
}

set_aside(f) if {
	f.outcome == "failed"
	some subject in covering[f.subject]
	in_force[[f.rule, subject]]
}

set_aside(f) if {
	f.outcome == "failed"
	in_force[[f.rule, f.subject]]
}

# A derogation for a service covers its machines and replicas too.
covering[o.id] contains o.service if {
	some o in array.concat(lib.machines, object.get(input, "replicas", []))
	text(o, "service") != ""
}

derogations := object.get(input, "derogations", [])

in_force[[d.rule, d.subject]] := true if {
	some d in derogations
	complete(d)
	lib.today <= d.expiry
}

subject(d) := sprintf("derogation from %s for %s", [text(d, "rule"), text(d, "subject")]) if {
	text(d, "id") == ""
} else := d.id

ids := [text(d, "id") | some d in derogations]

complete(d) if {
	every f in ["id", "rule", "subject", "author", "date", "reason", "expiry"] { not lib.blank(d, f) }
	count([1 | some id in ids; id == d.id]) == 1
	tables.rules[d.rule].derogable == true
	lib.is_day(d.date)
	lib.is_day(d.expiry)
	d.date <= d.expiry
	not future(d.date)
}

future(day) if day > lib.today

findings contains finding("DER-001", "failed", subject(d)) if {
	some d in derogations
	not complete(d)
}

findings contains finding("DER-002", o, subject(d)) if {
	some d in derogations
	complete(d)
	o := der002(d)
}

der002(d) := "undecidable" if {
	not lib.has_now
} else := "failed" if {
	lib.today > d.expiry
}

failing contains [f.rule, f.subject] if {
	some f in raw
	f.outcome == "failed"
}

failing contains [f.rule, subject] if {
	some f in raw
	f.outcome == "failed"
	some subject in covering[f.subject]
}

findings contains finding("DER-003", "failed", subject(d)) if {
	some d in derogations
	first_in_force(d)
	not failing[[d.rule, d.subject]]
}

# Of two derogations from one rule for one subject, the first id counts.
first_in_force(d) if {
	complete(d)
	lib.today <= d.expiry
	count([1 |
		some o in derogations
		o.rule == d.rule
		o.subject == d.subject
		o.id < d.id
		complete(o)
		lib.today <= o.expiry
	]) == 0
}
