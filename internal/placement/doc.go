// Package placement decides on which site, platform and cluster each virtual
// machine and its standby live.
//
// It is pure: the same request gives the same result to the byte on every
// machine. It owns capacity arithmetic, separation by class, the shared
// site-loss reserve, stickiness and the explanation. It must not read a clock,
// a network or a random source, and must not know Terraform or hypervisors.
package placement
