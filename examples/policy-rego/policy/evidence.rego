# Evidence packs, attestations, identifiers: EVI, ATT, IDN.
package psn.found

import data.psn.lib
import data.psn.lib.combined
import data.psn.lib.finding
import data.psn.lib.tables
import data.psn.lib.text
import data.psn.lib.unk
import data.psn.lib.weighted

evidence := object.get(input, "evidence", [])

findings contains finding("EVI-001", o, e.service) if {
	some e in evidence
	o := lib.demand(e, ["contract", "catalogue_reference"])
}

# bound_to keeps the outcome for the destinations that call for the evidence.
bound_to(e, destinations, o) := "ok" if {
	not unk(e, "destination")
	not destination(e) in destinations
} else := "undecidable" if {
	o != "ok"
	unk(e, "destination")
} else := o

destination(e) := "iaas" if {
	text(e, "destination") == ""
} else := e.destination

findings contains finding("EVI-002", o, e.service) if {
	some e in evidence
	o := bound_to(e, {"iaas", "paas"}, evi002(e))
}

evi002(e) := "undecidable" if {
	unk(e, "report")
} else := "failed" if {
	not report_holds(object.get(e, "report", {}))
} else := "undecidable" if {
	some f in ["migration_start", "migration_end"]
	undeclared(e, f)
} else := "ok" if {
	lib.is_day(e.migration_start)
	lib.is_day(e.migration_end)
	e.report.from <= e.migration_start
	e.report.to >= e.migration_end
} else := "failed"

report_holds(r) if {
	every metric in ["cpu", "ram", "storage", "connectivity"] { r[metric] == true }
	not lib.blank(r, "third_party")
	lib.is_day(text(r, "from"))
	lib.is_day(text(r, "to"))
	lib.days_between(r.from, r.to) + 1 >= lib.parameter("min_report_days")
}

findings contains finding("EVI-003", o, e.service) if {
	some e in evidence
	o := bound_to(e, {"iaas"}, evi003(e))
}

evi003(e) := "failed" if {
	not unk(e, "public_ips")
	lib.bad_ip(object.get(e, "public_ips", []))
} else := "ok" if {
	not unk(e, "public_ips")
	count(object.get(e, "public_ips", [])) > 0
} else := "ok" if {
	not unk(e, "access_mode")
	text(e, "access_mode") != ""
} else := "undecidable" if {
	lib.any_unk(e, ["public_ips", "access_mode"])
} else := "failed"

findings contains finding("EVI-004", o, e.service) if {
	some e in evidence
	o := bound_to(e, {"iaas"}, evi004(e, object.get(e, "resources", [])))
}

evi004(e, list) := "undecidable" if {
	unk(e, "resources")
} else := "failed" if {
	count(list) == 0
} else := "failed" if {
	some id in list
	trim_space(id) == ""
} else := "failed" if {
	count({id | some id in list}) < count(list)
} else := "failed" if {
	count(list) < machine_count(e.service)
} else := "ok"

machine_services := {m.service | some m in lib.machines}

machine_counts := {id: count(list) |
	some id in machine_services
	list := [1 | some m in lib.machines; m.service == id]
}

machine_count(id) := object.get(machine_counts, id, 0)

findings contains finding("EVI-005", o, e.service) if {
	some e in evidence
	o := bound_to(e, {"iaas", "paas"}, evi005(e))
}

evi005(e) := "undecidable" if {
	unk(e, "software")
} else := "failed" if {
	count(object.get(e, "software", [])) == 0
} else := "failed" if {
	some s in e.software
	some f in ["product", "vendor", "function"]
	lib.blank(s, f)
} else := "ok"

findings contains finding("EVI-006", o, e.service) if {
	some e in evidence
	o := evi006(e)
}

evi006(e) := "ok" if {
	not unk(e, "production_statement")
	text(e, "production_statement") != ""
} else := "ok" if {
	not lib.any_unk(e, ["production_note", "production_expected"])
	text(e, "production_note") != ""
	lib.is_day(text(e, "production_expected"))
} else := "undecidable" if {
	lib.any_unk(e, ["production_statement", "production_note"])
} else := "undecidable" if {
	text(e, "production_note") != ""
	unk(e, "production_expected")
} else := "failed"

findings contains finding("EVI-007", o, e.service) if {
	some e in evidence
	some o in protected_only(object.get(lib.service_of, e.service, null), lib.demand(e, ["critical_data_document"]))
}

findings contains finding("EVI-008", o, e.service) if {
	some e in evidence
	o := evi008(e)
}

evi008(e) := lib.demand(e, ["dnsh_declaration"]) if {
	lib.demand(e, ["dnsh_declaration"]) != "ok"
} else := "undecidable" if {
	unk(e, "dnsh_sheets")
} else := "ok" if {
	some sheet in object.get(e, "dnsh_sheets", [])
	sheet in {"6", "8"}
} else := "failed"

findings contains finding("EVI-009", o, e.service) if {
	some e in evidence
	o := evi009(e)
}

evi009(e) := "undecidable" if {
	unk(e, "completion_date")
} else := "ok" if {
	text(e, "completion_date") == ""
} else := "failed" if {
	not lib.is_day(e.completion_date)
} else := "undecidable" if {
	undeclared(e, "contract_date")
} else := "failed" if {
	not lib.is_day(e.contract_date)
} else := "failed" if {
	e.contract_date > e.completion_date
} else := "ok"

findings contains finding("ATT-001", o, a.id) if {
	some a in object.get(input, "attestations", [])
	o := att001(a, object.get(tables.attestation, text(a, "kind"), []), object.get(a, "columns", []))
}

att001(a, fixed, columns) := "undecidable" if {
	lib.any_unk(a, ["kind", "columns", "rows"])
} else := "failed" if {
	count(fixed) == 0
} else := "failed" if {
	not header_intact(fixed, columns)
} else := "failed" if {
	object.get(a, "expected_rows", 0) > 0
	count(object.get(a, "rows", [])) != a.expected_rows
} else := "failed" if {
	some row in a.rows
	not row_intact(row, fixed, columns)
} else := "failed" if {
	some i, f in fixed
	f.unique == true
	count({row[i] | some row in a.rows}) < count(a.rows)
} else := "ok"

header_intact(fixed, columns) if {
	n := count(fixed)
	[f.name | some f in fixed] == array.slice(columns, 0, n)
	services := array.slice(columns, n, count(columns))
	count(services) > 0
	count({s | some s in services}) == count(services)
	every s in services { trim_space(s) != "" }
}

row_intact(row, fixed, columns) if {
	count(row) == count(columns)
	every i, f in fixed { cell_intact(row[i], f) }
	marks := {v | some v in array.slice(row, count(fixed), count(row))}
	"X" in marks
	count(marks - {"", "X"}) == 0
}

cell_intact(v, f) if {
	trim_space(v) != ""
	not f.integer
}

cell_intact(v, f) if {
	f.integer == true
	regex.match(`^[0-9]{1,18}$`, v)
}

tenants := object.get(input, "tenants", [])

findings contains finding("IDN-001", o, t.id) if {
	some t in tenants
	o := idn001(t)
}

idn001(t) := "undecidable" if {
	unk(t, "ipa_code")
} else := "failed" if {
	not regex.match(`^[A-Za-z0-9][A-Za-z0-9_-]{1,31}$`, text(t, "ipa_code"))
}

findings contains finding("IDN-002", o, t.id) if {
	some t in tenants
	o := idn002(t)
}

idn002(t) := "undecidable" if {
	unk(t, "fiscal_code")
} else := "failed" if {
	text(t, "fiscal_code") != ""
	not fiscal_code_right(t.fiscal_code)
}

fiscal_code_right(v) if {
	regex.match(`^[0-9]{11}$`, v)
	digits := [to_number(d) | some d in regex.split("", v); d != ""]
	total := sum([weight(i, d) | some i, d in digits; i < 10])
	(10 - (total % 10)) % 10 == digits[10]
}

weight(i, d) := d if {
	i % 2 == 0
} else := d * 2 if {
	d < 5
} else := (d * 2) - 9

findings contains weighted("IDN-003", w[0], w[1], o.id) if {
	some o in array.concat(tenants, object.get(input, "candidatures", []))
	w := idn003(o)
}

idn003(o) := ["error", "undecidable"] if {
	unk(o, "cup")
} else := ["error", "failed"] if {
	text(o, "cup") != ""
	not regex.match(`^[A-Z][0-9]{2}[A-Z][0-9]{11}$`, o.cup)
} else := ["warning", "failed"] if {
	text(o, "cup") != ""
	not regex.match(`^[B-J][0-9]{2}[B-J][0-9]{11}$`, o.cup)
}
