package vsphere

import (
	"context"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Reaches implements driver.WorkerReach: a disk can be attached to the worker
// when the worker's host mounts its datastore. One datastore in common answers
// yes, since disks may be put there.
func (s *Site) Reaches(ctx context.Context, worker, cluster string) (bool, error) {
	ok, err := s.reaches(ctx, vmRef(worker), cluster)
	return ok, s.coded(fmt.Sprintf("look for what worker %s reaches of cluster %s", worker, cluster), err)
}

func (s *Site) reaches(ctx context.Context, worker ref, cluster string) (bool, error) {
	var w mo.VirtualMachine
	if err := s.readOne(ctx, worker, []string{"runtime.host"}, &w); err != nil {
		return false, err
	}
	if w.Runtime.Host == nil {
		return false, psn.Errorf(psn.Conflict, "the worker's machine is on no host: power it on")
	}
	s.keep(nil) // hosts and mounts change
	t, err := s.topology(ctx)
	if err != nil {
		return false, err
	}
	c := t.cluster(cluster)
	if c == nil {
		return false, psn.Errorf(psn.InvalidInput, "cluster %q is %w: there are %s", cluster, errUnknownPlace, t.clusterNames())
	}
	return slices.ContainsFunc(c.datastores, func(d ref) bool {
		return slices.ContainsFunc(t.datastores[d].Host, func(m types.DatastoreHostMount) bool { return m.Key == *w.Runtime.Host })
	}), nil
}
