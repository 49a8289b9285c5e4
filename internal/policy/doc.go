// Package policy holds the rules: what each demands, how severe it is, what it
// is based on (law, funding call, project) and where that is written. Rules
// evaluate one neutral Document, so that provider, audit and orchestrator come
// to the same findings.
//
// The package is pure: no clock, no network, no Terraform types. It never says
// "conforme": it says which rules were failed and which could not be decided.
package policy
