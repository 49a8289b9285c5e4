package connect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Fleet is every configured site and source. It is safe for concurrent use.
type Fleet struct {
	cfg     *Config
	sites   map[seat]*platform.Site
	sources map[string]*platform.Site
}

// seat is a site on a platform.
type seat struct {
	site     psn.Site
	platform psn.Platform
}

// Open makes the handles. Nothing is contacted until a handle is used.
func Open(cfg *Config) *Fleet {
	f := &Fleet{cfg: cfg, sites: map[seat]*platform.Site{}, sources: map[string]*platform.Site{}}
	for name, s := range cfg.Sites {
		where := fmt.Sprintf("site %s", name)
		for p, open := range cfg.opens("sites."+string(name), name, s) {
			f.sites[seat{name, p}] = platform.New(name, p, fmt.Sprintf("%s (%s)", where, p), open)
		}
	}
	for name, s := range cfg.Sources {
		where := fmt.Sprintf("source %s", name)
		for p, open := range cfg.opens("sources."+name, "", s) {
			f.sources[name] = platform.New("", p, fmt.Sprintf("%s (%s)", where, p), open)
		}
	}
	return f
}

// opens has, for each platform of a site, the function that connects it.
func (cfg *Config) opens(key string, site psn.Site, s SiteConfig) map[psn.Platform]func(context.Context) (driver.Site, error) {
	out := map[psn.Platform]func(context.Context) (driver.Site, error){}
	if s.VSphere != nil {
		out[psn.VSphere] = cfg.vsphere(key+".vsphere", site, s.VSphere)
	}
	if s.OpenStack != nil {
		out[psn.OpenStack] = cfg.openstack(key+".openstack", site, s.OpenStack)
	}
	return out
}

// vsphere returns the function that connects one vCenter.
func (cfg *Config) vsphere(key string, site psn.Site, v *VSphereConfig) func(context.Context) (driver.Site, error) {
	c := vsphere.Config{
		Site:         site,
		Endpoint:     v.Endpoint,
		Username:     v.Username,
		Password:     secret(key, "password", v.PasswordEnv, v.PasswordFile, cfg.getenv),
		CAFile:       v.CAFile,
		PinSHA256:    v.ThumbprintSHA256,
		Datacenter:   v.Datacenter,
		VCPUPerCore:  v.VCPUPerCore,
		HostFailures: -1,
	}
	if v.HostFailures != nil {
		c.HostFailures = *v.HostFailures
	}
	return func(ctx context.Context) (driver.Site, error) {
		// A mistake of this machine is told as such even when the site is down.
		if _, err := c.Password(); err != nil {
			return nil, err
		}
		s, err := vsphere.Open(ctx, c)
		if err != nil {
			return nil, err // a nil *vsphere.Site would not be a nil driver.Site
		}
		return s, nil
	}
}

// Config is what the fleet was opened with.
func (f *Fleet) Config() *Config { return f.cfg }

// Site returns the handle of a site on a platform, or psn.NotFound when it is
// not configured.
func (f *Fleet) Site(s psn.Site, p psn.Platform) (*platform.Site, error) {
	if h, ok := f.sites[seat{s, p}]; ok {
		return h, nil
	}
	return nil, psn.Errorf(psn.NotFound, "site %q has no platform %q in the configuration: configured are %s", s, p, f.configured())
}

func (f *Fleet) configured() string {
	var names []string
	for _, k := range f.seats() {
		names = append(names, fmt.Sprintf("%s (%s)", k.site, k.platform))
	}
	if len(names) == 0 {
		return "no sites"
	}
	return strings.Join(names, ", ")
}

// seats lists the configured sites in canonical order.
func (f *Fleet) seats() []seat {
	var out []seat
	for _, s := range psn.Sites() {
		for _, p := range psn.Platforms() {
			if _, ok := f.sites[seat{s, p}]; ok {
				out = append(out, seat{s, p})
			}
		}
	}
	return out
}

// SiteNames lists the configured sites in canonical order.
func (f *Fleet) SiteNames() []psn.Site {
	var out []psn.Site
	for _, k := range f.seats() {
		out = append(out, k.site)
	}
	return slices.Compact(out)
}

// Source returns the handle of a source, or psn.NotFound.
func (f *Fleet) Source(name string) (*platform.Site, error) {
	if h, ok := f.sources[name]; ok {
		return h, nil
	}
	return nil, psn.Errorf(psn.NotFound, "source %q is not in the configuration: configured are %q", name, f.SourceNames())
}

// SourceNames lists the configured sources in order of name.
func (f *Fleet) SourceNames() []string { return slices.Sorted(maps.Keys(f.sources)) }

// Inventory reads all sites in parallel. A site that cannot be read is in the
// answer with its Error.
func (f *Fleet) Inventory(ctx context.Context) psn.Inventory {
	seats := f.seats()
	inv := psn.Inventory{Sites: make([]psn.SiteInventory, len(seats))}
	var wg sync.WaitGroup
	for i, k := range seats {
		wg.Go(func() {
			one, err := f.sites[k].Inventory(ctx)
			if err != nil {
				inv.Sites[i] = psn.SiteInventory{Site: k.site, Platform: k.platform, Error: err.Error(), Code: psn.CodeOf(err)}
				return
			}
			inv.Sites[i] = *one
		})
	}
	wg.Wait()
	return inv
}

// WorkerOn returns where target disks are attached at a site on a platform, or
// psn.NotFound.
func (f *Fleet) WorkerOn(s psn.Site, p psn.Platform) (*WorkerConfig, error) {
	var w *WorkerConfig
	switch v, o := f.cfg.Sites[s].VSphere, f.cfg.Sites[s].OpenStack; {
	case p == psn.VSphere && v != nil:
		w = v.Worker
	case p == psn.OpenStack && o != nil:
		w = o.Worker
	}
	if w != nil {
		return w, nil
	}
	return nil, psn.Errorf(psn.NotFound, "site %q has no worker on platform %q in the configuration: set sites.%s.%s.worker with vm and devices", s, p, s, p)
}

// WorkerAt returns the worker of a site on its first platform that has one, or
// psn.NotFound. A worker serves one platform: where it matters ask WorkerOn.
func (f *Fleet) WorkerAt(s psn.Site) (*WorkerConfig, error) {
	for _, p := range psn.Platforms() {
		if w, err := f.WorkerOn(s, p); err == nil {
			return w, nil
		}
	}
	p := psn.VSphere
	if f.cfg.Sites[s].VSphere == nil && f.cfg.Sites[s].OpenStack != nil {
		p = psn.OpenStack
	}
	return nil, psn.Errorf(psn.NotFound, "site %q has no worker in the configuration: set sites.%s.%s.worker with vm and devices", s, s, p)
}

// Close ends every session that was opened.
func (f *Fleet) Close(ctx context.Context) error {
	var errs []error
	for _, k := range f.seats() {
		errs = append(errs, f.sites[k].Close(ctx))
	}
	for _, n := range f.SourceNames() {
		errs = append(errs, f.sources[n].Close(ctx))
	}
	return errors.Join(errs...)
}
