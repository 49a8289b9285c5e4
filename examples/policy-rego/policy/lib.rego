# What the rules share: the document, the tables, what is unknown, days, classes.
package psn.lib

tables := data.psn_tables

parameter(name) := tables.parameters[name]

machines := object.get(input, "machines", [])

services := object.get(input, "services", [])

text(o, f) := object.get(o, f, "")

blank(o, f) if trim_space(text(o, f)) == ""

# unk: the field's value is not known yet. Keys may be spelt "standby_site" or "StandbySite".
unk(o, f) if {
	some k, v in object.get(o, "unknown", {})
	v == true
	plain(k) == plain(f)
}

plain(k) := lower(replace(k, "_", ""))

any_unk(o, fs) if {
	some f in fs
	unk(o, f)
}

finding(id, outcome, subject) := weighted(id, tables.rules[id].severity, outcome, subject)

weighted(id, severity, outcome, subject) := {"rule": id, "severity": severity, "outcome": outcome, "subject": subject}

# A document speaks of a topic when it lists it, or when something declares a
# field of it or leaves one unknown.
speaks(topic) if topic in object.get(input, "topics", [])

speaks(topic) if {
	some s in services
	some f in tables.topics[topic].services
	declared(s, f)
}

speaks(topic) if {
	some m in machines
	some f in tables.topics[topic].machines
	declared(m, f)
}

speaks("backup_places") if count(object.get(input, "backups", [])) > 0

declared(o, f) if not text(o, f) in {"", []}

declared(o, f) if unk(o, f)

# Days are "YYYY-MM-DD" between 1900 and 2199 and compare as text.
is_day(v) if {
	regex.match(`^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$`, v)
	time.parse_ns("2006-01-02", v)
}

has_now if input.now

now_ns := time.parse_rfc3339_ns(input.now)

today := time.format([now_ns, "UTC", "2006-01-02"])

# Where the month has no such day, months end on its last one.
later(day, months, days) := time.format([time.add_date(first, 0, 0, (min([to_number(substring(day, 8, 2)), last]) + days) - 1), "UTC", "2006-01-02"]) if {
	first := time.add_date(time.parse_ns("2006-01-02", concat("", [substring(day, 0, 8), "01"])), 0, months, 0)
	last := time.date([time.add_date(first, 0, 1, -1), "UTC"])[2]
}

days_between(a, b) := (time.parse_ns("2006-01-02", b) - time.parse_ns("2006-01-02", a)) / 86400000000000

# Classes.
rank := {"ordinary": 1, "critical": 2, "strategic": 3}

class_at := {1: "ordinary", 2: "critical", 3: "strategic"}

protected(c) if rank[c] >= 2

class_of(o) := text(o, "classification") if {
	rank[text(o, "classification")]
	not unk(o, "classification")
} else := ""

rank_of(c) := object.get(rank, c, 0)

ids := {s.id | some s in services}

service_of := {id: list[count(list) - 1] |
	some id in ids
	list := [s | some s in services; s.id == id]
}

machines_of := {id: list |
	some id in ids
	list := [m | some m in machines; m.service == id]
}

# ranges[i] holds the lowest and the highest class that machine i may have.
ranges := [range_of(m) | some m in machines]

range_of(m) := [low, high] if {
	own := class_of(m)
	s := object.get(service_of, text(m, "service"), null)
	of := service_class(s)
	r := max([1, rank_of(own), rank_of(of)])
	low := class_at[r]
	high := highest(m, s, own, of, low)
}

service_class(null) := ""

service_class(s) := class_of(s) if s != null

highest(m, _, own, of, low) := low if {
	of != ""
	settled(m, own)
} else := low if {
	listed_null(m)
	own != ""
} else := "strategic"

listed_null(m) if not service_of[text(m, "service")]

settled(_, own) if own != ""

settled(m, "") if {
	text(m, "classification") == ""
	not unk(m, "classification")
}

range_of_service(null) := ["ordinary", "strategic"]

range_of_service(s) := [class_of(s), class_of(s)] if {
	s != null
	class_of(s) != ""
}

range_of_service(s) := ["ordinary", "strategic"] if {
	s != null
	class_of(s) == ""
}

# combined judges a subject whose class lies between two: mild is the outcome
# under the lowest, strict under the highest.
combined(_, "ok") := set()

combined("ok", strict) := {"undecidable"} if strict != "ok"

combined(mild, strict) := {mild} if {
	mild != "ok"
	strict != "ok"
}

# demand fails on a field that is known and empty, and cannot decide an unknown one.
demand(o, fs) := "failed" if {
	some f in fs
	not unk(o, f)
	blank(o, f)
} else := "undecidable" if {
	any_unk(o, fs)
} else := "ok"

outside_eu(location) if {
	some code in regex.split(`[,; ]+`, location)
	code != ""
	not upper(code) in tables.eu
}

level_rank(o) := object.get(tables.levels.rank, text(o, "qualification"), 0)

# own_level: the object says its level, or will.
own_level(o) if text(o, "qualification") != ""

own_level(o) if unk(o, "qualification")

bad_ip(list) if {
	some a in list
	not net.cidr_is_valid(concat("", [a, "/32"]))
}

call_of(o) := tables.calls[text(o, "call")]
