// Package regoparity holds no code but tests that the Rego bundle under
// examples/policy-rego comes to the same verdicts as package policy. It is a
// module of its own, so that the provider does not depend on OPA.
package regoparity
