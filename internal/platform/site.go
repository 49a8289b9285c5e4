package platform

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Defaults of a Site.
const (
	// DefaultTTL is how long a bulk read is believed.
	DefaultTTL = 30 * time.Second
	// DefaultCreates is how many machines are made at a time at one site.
	DefaultCreates = 8

	// absentTTL is how long the absence of a machine is believed.
	absentTTL = 2 * time.Second
	// refusedTTL is how long a refusal that repeating cannot cure is remembered:
	// a hundred resources with one wrong password must not lock the account.
	refusedTTL = 30 * time.Second
	// unreachableTTL is the same for a site that does not answer.
	unreachableTTL = time.Second
)

// Site is one site on one platform, or one source. It is safe for concurrent use.
type Site struct {
	id       psn.Site
	platform psn.Platform
	where    string
	open     func(context.Context) (driver.Site, error)
	now      func() time.Time
	ttl      time.Duration
	creates  *semaphore.Weighted

	opening flight[driver.Site]
	reading flight[*psn.SiteInventory]
	cache   cache

	tenants    *listing[driver.Tenant]
	principals *listing[driver.Grant]
	networks   *listing[driver.Network]
	groups     *listing[driver.SecurityGroup]
	volumes    *listing[driver.Volume]
	images     *listing[driver.Image]
	flavors    *listing[driver.Flavor]
	classes    *listing[driver.StorageClass]

	mu       sync.Mutex
	drv      driver.Site
	failed   error
	failedAt time.Time
	failedIn time.Duration // how long the failed try took
}

// Option changes a default of New.
type Option func(*Site)

// WithClock sets the clock by which the inventory ages.
func WithClock(now func() time.Time) Option { return func(s *Site) { s.now = now } }

// WithTTL sets how long a bulk read is believed.
func WithTTL(d time.Duration) Option { return func(s *Site) { s.ttl = d } }

// WithCreates sets how many machines are made at a time.
func WithCreates(n int64) Option { return func(s *Site) { s.creates = semaphore.NewWeighted(n) } }

// New returns a site that open connects when it is first needed. id is empty
// for a source; where names the place in errors, for example "site acilia
// (vsphere)".
func New(id psn.Site, p psn.Platform, where string, open func(context.Context) (driver.Site, error), opts ...Option) *Site {
	s := &Site{
		id: id, platform: p, where: where, open: open,
		now: time.Now, ttl: DefaultTTL, creates: semaphore.NewWeighted(DefaultCreates),
		tenants: newTenants(), principals: newPrincipals(), networks: newNetworks(), groups: newSecurityGroups(), volumes: newVolumes(),
		images: newImages(), flavors: newFlavors(), classes: newClasses(),
	}
	for _, o := range opts {
		o(s)
	}
	return s
}

// ID is the site's name, empty for a source.
func (s *Site) ID() psn.Site { return s.id }

// Platform is the site's platform.
func (s *Site) Platform() psn.Platform { return s.platform }

// Where names the place as errors do.
func (s *Site) Where() string { return s.where }

// Driver returns the open backend, for its optional capabilities. Its errors do
// not name the site.
func (s *Site) Driver(ctx context.Context) (driver.Site, error) {
	d, err := s.driver(ctx)
	return d, s.at(err)
}

func (s *Site) driver(ctx context.Context) (driver.Site, error) {
	if d, known, err := s.opened(); known {
		return d, err
	}
	return s.opening.do(ctx, func(ctx context.Context) (driver.Site, error) {
		if d, known, err := s.opened(); known {
			return d, err
		}
		began := s.now()
		d, err := s.open(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.failed, s.failedAt = err, s.now()
			s.failedIn = s.failedAt.Sub(began)
			return nil, err
		}
		s.drv, s.failed = d, nil
		return d, nil
	})
}

// opened returns the outcome of an earlier open that still holds.
func (s *Site) opened() (d driver.Site, known bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drv != nil {
		return s.drv, true, nil
	}
	if s.failed == nil {
		return nil, false, nil
	}
	remember := refusedTTL
	if code := psn.CodeOf(s.failed); code == psn.Unavailable || code == psn.Internal {
		// A site that hangs must not make each of a hundred resources wait.
		remember = min(max(unreachableTTL, s.failedIn), refusedTTL)
	}
	if s.now().Sub(s.failedAt) < remember {
		return nil, true, s.failed
	}
	return nil, false, nil
}

// Inventory returns the whole site, read at most once per TTL and after each
// change made through this Site. Callers must not change it.
func (s *Site) Inventory(ctx context.Context) (*psn.SiteInventory, error) {
	if inv, ok := s.cache.whole(s.now(), s.ttl); ok {
		return inv, nil
	}
	inv, err := s.read(ctx)
	return inv, s.at(err)
}

// read makes one bulk read, shared with all who ask meanwhile.
func (s *Site) read(ctx context.Context) (*psn.SiteInventory, error) {
	return s.reading.do(ctx, func(ctx context.Context) (*psn.SiteInventory, error) {
		for {
			at, seq := s.now(), s.cache.begin()
			var inv *psn.SiteInventory
			err := s.try(ctx, func(d driver.Site) (err error) {
				inv, err = d.Inventory(ctx)
				return err
			})
			if err != nil || s.cache.store(inv, at, seq) {
				return inv, err
			}
		}
	})
}

// Refresh forgets what was read, so that the next question is asked of the site.
func (s *Site) Refresh() {
	s.cache.drop()
	s.tenants.drop()
	s.principals.drop()
	s.networks.drop()
	s.groups.drop()
	s.volumes.drop()
	s.images.drop()
	s.flavors.drop()
	s.classes.drop()
}

// FindVM returns the machine of that id, or psn.NotFound.
func (s *Site) FindVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	uuid := id.InstanceUUID()
	vm, a := s.cache.find(uuid, s.now(), s.ttl, absentTTL)
	for a == unknown {
		if _, err := s.read(ctx); err != nil {
			return nil, s.at(fmt.Errorf("find virtual machine %s: %w", id, err))
		}
		// The read just made is believed whatever its duration. It is unknown
		// again only when a change of ours made the cache forget it meanwhile.
		vm, a = s.cache.find(uuid, s.now(), 1<<62, 1<<62)
	}
	if a != present {
		return nil, s.at(psn.Errorf(psn.NotFound, "virtual machine %s does not exist", id))
	}
	return &vm, nil
}

// FindNewVM is FindVM for who is about to make the machine and looks whether
// somebody has just done so. Where the last read is too old to tell, the driver
// is asked for the one machine, if it can be: making a thousand machines must not
// read the site a thousand times. It is not for loops over what stands.
func (s *Site) FindNewVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	if _, a := s.cache.find(id.InstanceUUID(), s.now(), s.ttl, absentTTL); a == unknown && s.cache.since(s.now(), s.ttl) {
		if vm, able, err := s.findOne(ctx, id); able {
			return vm, s.at(err)
		}
	}
	return s.FindVM(ctx, id)
}

// findOne asks the driver for one machine, when it can tell.
func (s *Site) findOne(ctx context.Context, id psn.VMID) (vm *psn.VM, able bool, err error) {
	err = s.try(ctx, func(d driver.Site) (err error) {
		f, ok := d.(driver.Finder)
		if able = ok; able {
			vm, err = f.FindVM(ctx, id)
		}
		return err
	})
	return vm, able, err
}

// Lookup returns the machine of that instance UUID or name. A name that several
// machines bear is psn.Conflict.
func (s *Site) Lookup(ctx context.Context, nameOrUUID string) (*psn.VM, error) {
	inv, err := s.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	var found []psn.VM
	for _, vm := range inv.VMs {
		if strings.EqualFold(vm.InstanceUUID, nameOrUUID) {
			return &vm, nil
		}
		if vm.Name == nameOrUUID {
			found = append(found, vm)
		}
	}
	switch len(found) {
	case 0:
		return nil, s.at(psn.Errorf(psn.NotFound, "no virtual machine has the name or instance UUID %q", nameOrUUID))
	case 1:
		return &found[0], nil
	}
	var uuids []string
	for _, vm := range found {
		uuids = append(uuids, fmt.Sprintf("%s in folder %q", vm.InstanceUUID, vm.Folder))
	}
	return nil, s.at(psn.Errorf(psn.Conflict, "%d virtual machines are named %q: use the instance UUID of one of them: %s", len(found), nameOrUUID, strings.Join(uuids, ", ")))
}

// DescribeVM reads one machine with its disks and NICs.
func (s *Site) DescribeVM(ctx context.Context, ref string) (*psn.VM, error) {
	vm, err := s.describe(ctx, ref)
	return vm, s.at(err)
}

func (s *Site) describe(ctx context.Context, ref string) (*psn.VM, error) {
	var vm *psn.VM
	err := s.try(ctx, func(d driver.Site) (err error) {
		vm, err = d.DescribeVM(ctx, ref)
		return err
	})
	return vm, err
}

// Close ends the session, if one was opened.
func (s *Site) Close(ctx context.Context) error {
	s.mu.Lock()
	d := s.drv
	s.drv, s.failed = nil, nil
	s.mu.Unlock()
	s.Refresh()
	if d == nil {
		return nil
	}
	return s.at(d.Close(ctx))
}

func (s *Site) at(err error) error { return psn.At(s.where, err) }
