# Backups, keys, access, inventory: BKP, KEY, ACC, INV.
package psn.found

import data.psn.lib
import data.psn.lib.combined
import data.psn.lib.finding
import data.psn.lib.machines
import data.psn.lib.services
import data.psn.lib.tables
import data.psn.lib.text
import data.psn.lib.unk

backups := object.get(input, "backups", [])

findings contains finding("BKP-001", o, s.id) if {
	lib.speaks("backup")
	some s in services
	o := lib.demand(s, ["backup_policy"])
}

findings contains finding("BKP-002", o, b.id) if {
	least := lib.parameter("min_backup_retention_days")
	least > 0
	some b in backups
	o := retention(b, least)
}

retention(b, least) := "undecidable" if {
	unk(b, "retention_days")
} else := "failed" if {
	object.get(b, "retention_days", 0) < least
} else := "ok"

findings contains finding("BKP-002", o, s.id) if {
	lib.speaks("backup_places")
	some s in services
	some o in protected_only(s, bkp002(s))
}

# protected_only turns the outcome for critical and strategic services into that of s.
protected_only(s, o) := combined(for_protected(r[0], o), for_protected(r[1], o)) if {
	r := lib.range_of_service(s)
}

for_protected(c, o) := o if {
	lib.protected(c)
} else := "ok"

backup_services := {b.service | some b in backups}

backups_of := {id: list |
	some id in backup_services
	list := [b | some b in backups; b.service == id]
}

bkp002(s) := "failed" if {
	not backups_of[s.id]
} else := "failed" if {
	some m in lib.machines_of[s.id]
	not unk(m, "site")
	not elsewhere(m, backups_of[s.id])
	not some_site_unknown(backups_of[s.id])
} else := "undecidable" if {
	count(lib.machines_of[s.id]) == 0
} else := "undecidable" if {
	some m in lib.machines_of[s.id]
	unk(m, "site")
} else := "undecidable" if {
	some m in lib.machines_of[s.id]
	not elsewhere(m, backups_of[s.id])
} else := "ok"

elsewhere(m, list) if {
	some b in list
	not unk(b, "site")
	tables.sites[text(b, "site")]
	b.site != text(m, "site")
}

some_site_unknown(list) if {
	some b in list
	unk(b, "site")
}

findings contains finding("KEY-001", o, s.id) if {
	lib.speaks("keys")
	some s in services
	some o in protected_only(s, key001(s))
}

key001(s) := "failed" if {
	not unk(s, "key_management")
	not text(s, "key_management") in {"", "byok", "hyok"}
} else := lib.demand(s, ["key_reference", "key_management"])

# leveled are what the level of a service is read from: each of its machines that
# says its own, and the service itself for the others or when it has none.
leveled(s) := {m | some m in lib.machines_of[s.id]; lib.own_level(m)} | {s | relies_on_service(s)}

relies_on_service(s) if count(lib.machines_of[s.id]) == 0

relies_on_service(s) if {
	some m in lib.machines_of[s.id]
	not lib.own_level(m)
}

# on_level_four judges o, a demand on services on level 4: failed or undecidable
# for those that are, undecidable for those that may be.
on_level_four(_, "ok") := ["", "ok"]

on_level_four(s, o) := ["", o] if {
	o != "ok"
	some x in leveled(s)
	not unk(x, "qualification")
	lib.level_rank(x) == tables.levels.top
} else := ["", "undecidable"] if {
	o != "ok"
	some x in leveled(s)
	unk(x, "qualification")
} else := ["warning", "undecidable"] if {
	o != "ok"
	some x in leveled(s)
	text(x, "qualification") == ""
}

weighed(id, s, w) := lib.weighted(id, w[0], w[1], s.id) if w[0] != ""

weighed(id, s, w) := finding(id, w[1], s.id) if w[0] == ""

findings contains weighed("KEY-002", s, on_level_four(s, key002(s))) if {
	lib.speaks("key_management")
	some s in services
}

key002(s) := "failed" if {
	not unk(s, "key_management")
	text(s, "key_management") != "hyok"
} else := lib.demand(s, ["hsm", "key_management"])

findings contains finding("ACC-001", o, s.id) if {
	lib.speaks("access")
	some s in services
	some o in by_service(s, lib.demand(s, ["access_procedure"]))
}

findings contains weighed("ACC-002", s, on_level_four(s, lib.demand(s, ["staff_list"]))) if {
	lib.speaks("staff")
	some s in services
}

findings contains finding("INV-001", o, m.id) if {
	lib.speaks("inventory")
	some m in machines
	o := inv001(m)
}

inv001(m) := "failed" if {
	some f in ["function", "owner", "office"]
	not unk(m, f)
	lib.blank(m, f)
} else := "failed" if {
	not unk(m, "name")
	no_name(m)
} else := "failed" if {
	not unk(m, "addresses")
	trim_space(concat("", object.get(m, "addresses", []))) == ""
} else := "failed" if {
	not unk(m, "addresses")
	lib.bad_ip(object.get(m, "addresses", []))
} else := "undecidable" if {
	lib.any_unk(m, ["name", "function", "owner", "office", "addresses"])
} else := "ok"

no_name(m) if {
	text(m, "name") == ""
	trim_space(concat("/", array.slice(split(m.id, "/"), 1, 100))) == ""
}

no_name(m) if {
	text(m, "name") != ""
	lib.blank(m, "name")
}
