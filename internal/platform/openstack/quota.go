package openstack

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Quotas = (*Site)(nil)

// unlimited is how all services write that there is no limit.
const unlimited = -1

// quantity is one limit and where it is kept.
type quantity struct {
	name    string // of driver.Usage
	service string
	key     string // of the service
	unit    int64  // ours in one of the service's
	of      func(driver.Quota) *int64
}

// quantities, sorted by name.
var quantities = []quantity{
	{"floating_ips", serviceNetwork, "floatingip", 1, func(q driver.Quota) *int64 { return q.FloatingIPs }},
	{"instances", serviceCompute, "instances", 1, func(q driver.Quota) *int64 { return q.Instances }},
	{"memory_mib", serviceCompute, "ram", 1, func(q driver.Quota) *int64 { return q.MemoryMiB }},
	{"networks", serviceNetwork, "network", 1, func(q driver.Quota) *int64 { return q.Networks }},
	{"security_groups", serviceNetwork, "security_group", 1, func(q driver.Quota) *int64 { return q.SecurityGroups }},
	{"storage_mib", serviceVolume, "gigabytes", 1024, func(q driver.Quota) *int64 { return q.StorageMiB }},
	{"vcpus", serviceCompute, "cores", 1, func(q driver.Quota) *int64 { return q.VCPUs }},
	{"volumes", serviceVolume, "volumes", 1, func(q driver.Quota) *int64 { return q.Volumes }},
}

// quotaService is how one service is asked for limits and told them.
type quotaService struct {
	name, path, detail, envelope string
	client                       func(context.Context, string) (*gophercloud.ServiceClient, error)
}

func (s *Site) quotaServices() []quotaService {
	return []quotaService{
		{serviceCompute, "os-quota-sets/%s", "os-quota-sets/%s/detail", "quota_set", s.compute},
		{serviceVolume, "os-quota-sets/%s", "os-quota-sets/%s?usage=true", "quota_set", s.volume},
		{serviceNetwork, "quotas/%s", "quotas/%s/details.json", "quota", s.network},
	}
}

// limits is what a service is told of a quota.
func limits(service string, q driver.Quota) (map[string]int64, error) {
	out := map[string]int64{}
	for _, k := range quantities {
		if k.service != service {
			continue
		}
		switch v := k.of(q); {
		case v == nil:
			out[k.key] = unlimited
		case *v < 0:
			return nil, psn.Errorf(psn.InvalidInput, "quota %s is %d: use 0 or more, or leave it out for no limit", k.name, *v)
		default:
			out[k.key] = *v / k.unit // rounded down: never more than was said
		}
	}
	return out, nil
}

// setQuota tells each service its limits. All are computed before any is told.
func (s *Site) setQuota(ctx context.Context, project string, q driver.Quota) error {
	bodies := map[string]map[string]int64{}
	for _, qs := range s.quotaServices() {
		body, err := limits(qs.name, q)
		if err != nil {
			return err
		}
		bodies[qs.name] = body
	}
	for _, qs := range s.quotaServices() {
		c, err := qs.client(ctx, "")
		if err == nil {
			err = send(ctx, c, http.MethodPut, fmt.Sprintf(qs.path, project), map[string]any{qs.envelope: bodies[qs.name]}, nil)
		}
		if err != nil {
			return fmt.Errorf("set quota: %w", err)
		}
	}
	return nil
}

// dropQuota makes the services forget a project's limits.
func (s *Site) dropQuota(ctx context.Context, project string) error {
	for _, qs := range s.quotaServices() {
		c, err := qs.client(ctx, "")
		if err == nil {
			err = send(ctx, c, http.MethodDelete, fmt.Sprintf(qs.path, project), nil, nil)
		}
		if err != nil && !gone(err) {
			return fmt.Errorf("drop quota: %w", err)
		}
	}
	return nil
}

// measure is a limit and what is used of it, as services tell them: Nova and
// Cinder say in_use, Neutron used.
type measure struct {
	Limit    int64 `json:"limit"`
	InUse    int64 `json:"in_use"`
	Used     int64 `json:"used"`
	Reserved int64 `json:"reserved"`
}

// TenantUsage implements driver.Quotas, in one request per service.
func (s *Site) TenantUsage(ctx context.Context, t psn.TenantID) ([]driver.Usage, error) {
	doing := fmt.Sprintf("read usage of tenant %s", t)
	project, err := s.projectOf(ctx, t)
	if err != nil {
		return nil, s.fault(err, doing)
	}
	u, err := s.projectUsage(ctx, project)
	return u, s.fault(err, doing)
}

// TenantLimits implements driver.Quotas in as many requests: services tell what
// is used and what may be in one answer.
func (s *Site) TenantLimits(ctx context.Context, t driver.Tenant) (limits []driver.Usage, err error) {
	doing := fmt.Sprintf("read limits of tenant %s", t.ID)
	project := t.Ref
	if project == "" {
		if project, err = s.projectOf(ctx, t.ID); err != nil {
			return nil, s.fault(err, doing)
		}
	}
	limits, err = s.projectUsage(ctx, project)
	for i := range limits {
		limits[i].Used = -1
	}
	return limits, s.fault(err, doing)
}

func (s *Site) projectUsage(ctx context.Context, project string) ([]driver.Usage, error) {
	var out []driver.Usage
	for _, qs := range s.quotaServices() {
		c, err := qs.client(ctx, "")
		if err != nil {
			return nil, err
		}
		var page map[string]quotaSet
		if err := get(ctx, c, fmt.Sprintf(qs.detail, project), &page); err != nil {
			return nil, err
		}
		out = append(out, page[qs.envelope].usage(qs.name)...)
	}
	slices.SortFunc(out, func(a, b driver.Usage) int { return cmp.Compare(a.Quantity, b.Quantity) })
	return out, nil
}

// usage translates what a service tells. What it reserved for requests under way
// is as good as used.
func (q quotaSet) usage(service string) []driver.Usage {
	var out []driver.Usage
	for _, k := range quantities {
		m, told := q[k.key]
		if k.service != service || !told {
			continue
		}
		u := driver.Usage{Quantity: k.name, Used: (m.InUse + m.Used + m.Reserved) * k.unit}
		if m.Limit >= 0 {
			limit := m.Limit * k.unit
			u.Limit = &limit
		}
		out = append(out, u)
	}
	return out
}
