// Package platformtest is the conformance suite of platform/driver: what every
// backend must do, run against every backend, and the faults that make it hard.
//
// A backend's test builds a Harness and calls Run, for machines and tenants, and
// RunObjects, for what else a tenant has. The suite knows the contract
// only; how a session is expired or an answer lost is the harness's affair.
package platformtest
