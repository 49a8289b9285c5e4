# Entry points for conftest: an error is a denial, anything else a warning. What
# cannot be decided is told as a warning, never as passed.
package main

import data.psn.verdict
import data.psn_tables

deny contains line(f) if {
	some f in verdict.findings
	f.severity == "error"
	f.outcome == "failed"
}

warn contains line(f) if {
	some f in verdict.findings
	f.severity != "error"
	f.outcome == "failed"
}

warn contains line(f) if {
	some f in verdict.findings
	f.outcome != "failed"
}

line(f) := sprintf("%s (%s, %s): %s [%s: %s]", [f.rule, f.subject, f.outcome, rule.en, rule.basis, rule.citation]) if {
	rule := psn_tables.rules[f.rule]
}
