package openstack

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

var _ driver.StorageClasses = (*Site)(nil)

// Extra specs of volume types that decide where a volume may lie.
const (
	specBackend = "volume_backend_name"
	specZones   = "RESKEY:availability_zones"
)

// cinderType is what we read of a volume type.
type cinderType struct {
	ID    string            `json:"id"`
	Name  string            `json:"name"`
	Extra map[string]string `json:"extra_specs"`
}

func (t cinderType) id() string { return t.ID }

// cinderPool is a pool of storage and what its driver reports.
type cinderPool struct {
	Name    string `json:"name"` // "host@backend#pool"
	Reports struct {
		Backend  string  `json:"volume_backend_name"`
		Total    amount  `json:"total_capacity_gb"`
		Free     amount  `json:"free_capacity_gb"`
		Reserved float64 `json:"reserved_percentage"`
	} `json:"capabilities"`
	told bool
}

// amount is a number of GiB; drivers also say "infinite" or "unknown".
type amount struct {
	gib   float64
	known bool
}

// UnmarshalJSON reads a number, also as text.
func (c *amount) UnmarshalJSON(b []byte) error {
	*c = amount{}
	var f float64
	if json.Unmarshal(b, &f) == nil || json.Unmarshal([]byte(strings.Trim(string(b), `"`)), &f) == nil {
		*c = amount{f, !math.IsInf(f, 0) && f >= 0}
	}
	return nil
}

// backend is the name by which volume types ask for the pool. The pool's own
// name stands in where the driver's report cannot be had.
func (p cinderPool) backend() string {
	if p.told {
		return p.Reports.Backend
	}
	_, pool, _ := strings.Cut(p.Name, "#")
	return pool
}

// host is "host@backend", by which services are known.
func (p cinderPool) host() string {
	host, _, _ := strings.Cut(p.Name, "#")
	return host
}

// room is the pool's capacity and what of it can be given out, in MiB; -1 when
// the driver does not tell.
func (p cinderPool) room() (total, free int64) {
	r := p.Reports
	if !p.told || !r.Total.known || !r.Free.known {
		return -1, -1
	}
	left := r.Free.gib - r.Total.gib*r.Reserved/100
	return int64(r.Total.gib * 1024), int64(max(left, 0) * 1024)
}

// cinderService is a service of Cinder's, for the zone it is in.
type cinderService struct {
	Binary string `json:"binary"`
	Host   string `json:"host"`
	Zone   string `json:"zone"`
	Status string `json:"status"`
}

// StorageClasses implements driver.StorageClasses in four requests.
func (s *Site) StorageClasses(ctx context.Context) ([]driver.StorageClass, error) {
	out, err := s.storageClasses(ctx)
	return out, s.fault(err, "list storage classes")
}

func (s *Site) storageClasses(ctx context.Context) ([]driver.StorageClass, error) {
	c, err := s.volume(ctx, "")
	if err != nil {
		return nil, err
	}
	types, err := list(ctx, c, "types", url.Values{"is_public": {"None"}}, "volume_types", cinderType.id)
	if err != nil {
		return nil, err
	}
	pools, err := volumePools(ctx, c)
	if err != nil {
		return nil, err
	}
	var services struct{ Services []cinderService }
	if err := get(ctx, c, "os-services", &services); err != nil {
		return nil, err
	}
	var def struct {
		Type cinderType `json:"volume_type"`
	}
	if err := get(ctx, c, "types/default", &def); err != nil && !gone(err) {
		return nil, err
	}
	return joinClasses(types, pools, services.Services, def.Type.ID), nil
}

// volumePools reads the pools with what their drivers report. Where a service
// cannot or may not tell that (403; 500, as of releases that cannot show a
// driver's list of protocols) the pools come without.
func volumePools(ctx context.Context, c *gophercloud.ServiceClient) ([]cinderPool, error) {
	var got struct{ Pools []cinderPool }
	err := get(ctx, c, "scheduler-stats/get_pools?detail=True", &got)
	told := err == nil
	if hasStatus(err, http.StatusForbidden, http.StatusInternalServerError) {
		err = get(ctx, c, "scheduler-stats/get_pools", &got)
		if hasStatus(err, http.StatusForbidden) {
			return nil, nil
		}
	}
	for i := range got.Pools {
		got.Pools[i].told = told
	}
	return got.Pools, err
}

// joinClasses puts together what each type can be made of and where.
func joinClasses(types []cinderType, pools []cinderPool, services []cinderService, def string) []driver.StorageClass {
	zoneOf := map[string]string{}
	for _, v := range services {
		if v.Binary == "cinder-volume" && v.Status == "enabled" {
			zoneOf[v.Host] = v.Zone
		}
	}
	out := make([]driver.StorageClass, 0, len(types))
	for _, t := range types {
		class := driver.StorageClass{Name: t.Name, Default: t.ID == def, CapacityMiB: -1, FreeMiB: -1}
		var total, free int64
		told := false
		for _, p := range pools {
			zone := zoneOf[p.host()]
			if zone == "" || !t.takes(p, zone) {
				continue
			}
			class.Clusters = append(class.Clusters, zone)
			a, b := p.room()
			if told = a >= 0 && total >= 0; !told {
				total = -1
				continue
			}
			total, free = total+a, free+b
		}
		if told {
			class.CapacityMiB, class.FreeMiB = total, free
		}
		slices.Sort(class.Clusters)
		class.Clusters = slices.Compact(class.Clusters)
		out = append(out, class)
	}
	slices.SortFunc(out, func(a, b driver.StorageClass) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// takes reports whether volumes of the type may lie in the pool.
func (t cinderType) takes(p cinderPool, zone string) bool {
	if want := t.Extra[specBackend]; want != "" && want != p.backend() {
		return false
	}
	zones := t.Extra[specZones]
	return zones == "" || slices.ContainsFunc(strings.Split(zones, ","), func(z string) bool { return strings.TrimSpace(z) == zone })
}
