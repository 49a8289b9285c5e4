// Package audit re-derives every finding from what "terraform show -json" or
// "tofu show -json" prints for a plan or a state, with access to nothing else.
//
// It owns the reading of that format, the neutral document made from it, the
// independent checks (the place of every machine against its placement,
// capacity against the recorded inventory, what the provider recorded against
// what is derived here) and the report. It must not reach a site, change
// anything, or trust a verdict that stands in the file. Rules live in policy;
// rules "AUD-…" say that the file contradicts itself.
package audit
