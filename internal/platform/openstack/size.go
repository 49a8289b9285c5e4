package openstack

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// size is a flavour as far as it decides whether a machine fits.
type size struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	VCPUs     int64             `json:"vcpus"`
	RAM       int64             `json:"ram"`  // MiB
	Disk      int64             `json:"disk"` // GiB; not made for a machine that boots from a volume
	Ephemeral int64             `json:"OS-FLV-EXT-DATA:ephemeral"`
	Swap      any               `json:"swap"` // "" or a number of MiB
	Disabled  bool              `json:"OS-FLV-DISABLED:disabled"`
	Extra     map[string]string `json:"extra_specs"`
}

func (z size) id() string { return z.ID }

// plain reports whether the flavour gives a machine no more than vCPUs and
// memory: no local disks, no devices, no hosts of its own.
func (z size) plain() bool {
	if z.Disabled || z.Ephemeral != 0 || (z.Swap != "" && z.Swap != float64(0) && z.Swap != nil) {
		return false
	}
	for k := range z.Extra {
		if !strings.HasPrefix(k, "quota:") && !strings.HasPrefix(k, "hw_rng:") {
			return false
		}
	}
	return true
}

// chooseSize picks the flavour of just that size: one without a disk before one
// whose disk is not made, then the first by name. Nil when there is none.
func chooseSize(sizes []size, vcpus, memoryMiB int64) *size {
	var fit []size
	for _, z := range sizes {
		if z.plain() && z.VCPUs == vcpus && z.RAM == memoryMiB {
			fit = append(fit, z)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	z := slices.MinFunc(fit, func(a, b size) int {
		return cmp.Or(cmp.Compare(min(a.Disk, 1), min(b.Disk, 1)), cmp.Compare(a.Name, b.Name))
	})
	return &z
}

// nearestSizes names up to three flavours that are as large, the smallest first,
// and, when none is, the largest there are.
func nearestSizes(sizes []size, vcpus, memoryMiB int64) string {
	var large, all []size
	for _, z := range sizes {
		if !z.plain() {
			continue
		}
		all = append(all, z)
		if z.VCPUs >= vcpus && z.RAM >= memoryMiB {
			large = append(large, z)
		}
	}
	// What a step costs in vCPUs and in memory is weighed as 4 GiB per vCPU.
	weight := func(z size) int64 { return z.VCPUs<<12 + z.RAM }
	less := func(a, b size) int { return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(a.Name, b.Name)) }
	slices.SortFunc(large, less)
	if len(large) == 0 {
		slices.SortFunc(all, func(a, b size) int { return -less(a, b) })
		large = all
	}
	var names []string
	for _, z := range large[:min(3, len(large))] {
		names = append(names, fmt.Sprintf("%q (%d vCPUs, %d MiB)", z.Name, z.VCPUs, z.RAM))
	}
	if len(names) == 0 {
		return "there is no plain flavour at all"
	}
	return "nearest are " + strings.Join(names, ", ")
}

// privateSize is the name of the flavour made for a tenant.
func privateSize(t psn.TenantID, vcpus, memoryMiB int64) string {
	return fmt.Sprintf("%s%d-%d", sizePrefix(t), vcpus, memoryMiB)
}

// sizePrefix begins the names of a tenant's private flavours. Tenants' ids hold
// no dots.
func sizePrefix(t psn.TenantID) string { return "psn." + string(t) + "." }

// sizeFor finds the flavour of the size that the tenant may use, or makes one.
// It is held for the caller, who ends that with doneWithSize.
func (s *Site) sizeFor(ctx context.Context, t psn.TenantID, project string, vcpus, memoryMiB int64) (string, error) {
	unlock, err := s.lockSizes(ctx, t)
	if err != nil {
		return "", err
	}
	defer unlock()
	c, err := s.compute(ctx, project)
	if err != nil {
		return "", err
	}
	sizes, err := list(ctx, c, "flavors/detail", nil, "flavors", size.id)
	if err != nil {
		return "", err
	}
	z := chooseSize(sizes, vcpus, memoryMiB)
	if z != nil && (z.Disk == 0 || !s.cfg.CreateFlavors) {
		s.sizes.hold(z.ID, false)
		return z.ID, nil
	}
	if !s.cfg.CreateFlavors {
		return "", psn.Errorf(psn.InvalidInput, "no flavour has %d vCPUs and %d MiB: %s; choose one of these sizes, or let the configuration's create_flavors make others", vcpus, memoryMiB, nearestSizes(sizes, vcpus, memoryMiB))
	}
	return s.makeSize(ctx, project, privateSize(t, vcpus, memoryMiB), vcpus, memoryMiB)
}

// makeSize makes a private flavour for the tenant, whose flavours the caller
// holds. Names are unique.
func (s *Site) makeSize(ctx context.Context, project, name string, vcpus, memoryMiB int64) (string, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return "", err
	}
	var made struct {
		Flavor size `json:"flavor"`
	}
	fresh := true
	err = send(ctx, c, http.MethodPost, "flavors", map[string]any{"flavor": map[string]any{
		"name": name, "vcpus": vcpus, "ram": memoryMiB, "disk": 0, "os-flavor-access:is_public": false,
	}}, &made)
	if hasStatus(err, http.StatusConflict) { // made before, perhaps without access
		all, lerr := s.privateSizes(ctx)
		if lerr != nil {
			return "", lerr
		}
		i := slices.IndexFunc(all, func(z size) bool { return z.Name == name })
		if i < 0 {
			return "", err
		}
		made.Flavor, fresh, err = all[i], false, nil
	}
	if err != nil {
		return "", fmt.Errorf("make flavour %q: %w", name, err)
	}
	err = send(ctx, c, http.MethodPost, "flavors/"+made.Flavor.ID+"/action", map[string]any{"addTenantAccess": map[string]any{"tenant": project}}, nil)
	if err = ignoring(err, http.StatusConflict); err != nil { // conflict: has it
		err = fmt.Errorf("let the tenant use flavour %q: %w", name, err)
		if fresh && s.cleanUp(ctx, func(ctx context.Context) error { return s.removeUnusedSize(ctx, made.Flavor.ID) }) != nil {
			err = fmt.Errorf("%w; and it is left", err)
		}
		return "", err
	}
	s.sizes.hold(made.Flavor.ID, fresh)
	return made.Flavor.ID, nil
}

func (s *Site) privateSizes(ctx context.Context) ([]size, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return nil, err
	}
	return list(ctx, c, "flavors/detail", url.Values{"is_public": {"false"}}, "flavors", size.id)
}

// removeSizes removes the private flavours made for a tenant.
func (s *Site) removeSizes(ctx context.Context, t psn.TenantID) error {
	all, err := s.privateSizes(ctx)
	if err != nil {
		return err
	}
	c, err := s.compute(ctx, "")
	if err != nil {
		return err
	}
	for _, z := range all {
		if !strings.HasPrefix(z.Name, sizePrefix(t)) {
			continue
		}
		if err := send(ctx, c, http.MethodDelete, "flavors/"+z.ID, nil, nil); err != nil && !gone(err) {
			return err
		}
	}
	return nil
}
