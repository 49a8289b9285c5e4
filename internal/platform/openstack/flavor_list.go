package openstack

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Flavors = (*Site)(nil)

// novaFlavor is what we read of a flavour.
type novaFlavor struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	VCPUs     int64             `json:"vcpus"`
	MemoryMiB int64             `json:"ram"`
	DiskGiB   int64             `json:"disk"`
	Public    bool              `json:"os-flavor-access:is_public"`
	Disabled  bool              `json:"OS-FLV-DISABLED:disabled"`
	Extra     map[string]string `json:"extra_specs"`
}

func (f novaFlavor) id() string { return f.ID }

func (f novaFlavor) observed(tenants []psn.TenantID) driver.Flavor {
	return driver.Flavor{
		Ref: f.ID, Name: f.Name, VCPUs: f.VCPUs, MemoryMiB: f.MemoryMiB, DiskGiB: f.DiskGiB,
		Public: f.Public, Tenants: tenants, Extra: f.Extra,
	}
}

func compareFlavors(a, b driver.Flavor) int {
	return cmp.Or(cmp.Compare(a.VCPUs, b.VCPUs), cmp.Compare(a.MemoryMiB, b.MemoryMiB), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
}

// Flavors implements driver.Flavors. It costs two requests, and one for each
// private flavour: Nova tells who may use one only for one at a time. Flavours
// that are switched off are left out.
func (s *Site) Flavors(ctx context.Context) ([]driver.Flavor, error) {
	out, err := s.flavors(ctx)
	return out, s.fault(err, "list flavours")
}

func (s *Site) flavors(ctx context.Context) ([]driver.Flavor, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, c, "flavors/detail", url.Values{"is_public": {"None"}}, "flavors", novaFlavor.id)
	if err != nil {
		return nil, err
	}
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return nil, err
	}
	out := []driver.Flavor{}
	for _, f := range found {
		var who []psn.TenantID
		switch {
		case f.Disabled:
			continue
		case !f.Public:
			if who, err = flavorTenants(ctx, c, f.ID, tenants); gone(err) {
				continue // removed since it was listed
			}
			if err != nil {
				return nil, err
			}
		}
		out = append(out, f.observed(who))
	}
	slices.SortFunc(out, compareFlavors)
	return out, nil
}

// flavorTenants are the tenants of ours that may use a private flavour, sorted.
func flavorTenants(ctx context.Context, c *gophercloud.ServiceClient, id string, tenants map[string]psn.TenantID) ([]psn.TenantID, error) {
	var got struct {
		Access []struct {
			Project string `json:"tenant_id"`
		} `json:"flavor_access"`
	}
	if err := get(ctx, c, "flavors/"+url.PathEscape(id)+"/os-flavor-access", &got); err != nil {
		return nil, err
	}
	var out []psn.TenantID
	for _, a := range got.Access {
		if t := tenants[a.Project]; t != "" {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out, nil
}
