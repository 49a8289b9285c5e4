// Package classes keeps, for one run of the provider, which class each service
// declares and who relies on which class, so that a machine may not be treated
// as less than the service it runs (rule CLS-003), in whatever order the two are
// planned. It must not know any resource nor read any site.
package classes

import (
	"cmp"
	"slices"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Registry is what was seen in this run. A nil Registry has seen nothing. It is
// safe for concurrent use.
type Registry struct {
	mu       sync.Mutex
	declared map[psn.ServiceID]psn.Classification
	uses     map[Use]bool
}

// Use is somebody who treats a service as being of a class.
type Use struct {
	Machine psn.VMID // "<tenant>/<machine or workload>"
	Service psn.ServiceID
	Class   psn.Classification
}

// Of returns the class that a service declares in this run.
func (r *Registry) Of(s psn.ServiceID) (psn.Classification, bool) {
	if r == nil {
		return "", false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.declared[s]
	return c, ok
}

// Declare notes the class of a service and returns the CLS-003 findings of those
// who were seen to treat it as less.
func (r *Registry) Declare(s psn.ServiceID, c psn.Classification) []psn.Finding {
	if r == nil || c.Rank() == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.declared == nil {
		r.declared = map[psn.ServiceID]psn.Classification{}
	}
	r.declared[s] = c
	var below []Use
	for u := range r.uses {
		if u.Service == s && u.Class.Rank() < c.Rank() {
			below = append(below, u)
		}
	}
	slices.SortFunc(below, func(a, b Use) int { return cmp.Compare(a.Machine, b.Machine) })
	var out []psn.Finding
	for _, u := range below {
		out = append(out, Judge(u, c)...)
	}
	return out
}

// Rely notes a use and returns the CLS-003 findings about it, none while the
// service has not been seen.
func (r *Registry) Rely(u Use) []psn.Finding {
	if r == nil || u.Class.Rank() == 0 || u.Service == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.uses == nil {
		r.uses = map[Use]bool{}
	}
	r.uses[u] = true
	if c, ok := r.declared[u.Service]; ok {
		return Judge(u, c)
	}
	return nil
}

// Judge asks rule CLS-003 about one use of a service of class c.
func Judge(u Use, c psn.Classification) []psn.Finding {
	return slices.DeleteFunc(policy.Evaluate(policy.Document{
		Services: []policy.Service{{ID: u.Service, Classification: string(c)}},
		Machines: []policy.Machine{{ID: u.Machine, Service: u.Service, Classification: string(u.Class)}},
	}), func(f psn.Finding) bool { return f.Rule != "CLS-003" })
}
