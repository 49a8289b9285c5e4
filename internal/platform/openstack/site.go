package openstack

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// makingsAtOnce bounds the machines that are being made at a time. Each keeps
// Nova, Neutron and Cinder busy for some seconds, and so do the looks at it.
const makingsAtOnce = 6

// Site implements driver.Site and the capability interfaces on one region.
type Site struct {
	cfg  Config
	conn *session

	uploader string // names this handle on images that it is uploading

	mu     sync.Mutex
	domain string // id of Config.TenantDomain, once known

	tenants  keyedLock           // one change of a tenant's project at a time
	machines keyedLock           // one making of a machine at a time, by id
	makings  *semaphore.Weighted // machines being made at a time
	servers  keyedLock           // one change of a server at a time, by ref
	sizes    sizeUses            // flavours that calls are about to use
	objects  keyedLock           // one making of another object at a time, by kind, project and name
}

var _ driver.Site = (*Site)(nil)

// Open logs in and makes sure that the region has the services that are needed.
// Errors: InvalidInput (settings, no such region), Untrusted, Unauthenticated,
// Unavailable, Unsupported (a service is too old), NotFound (no such service).
func Open(ctx context.Context, cfg Config) (*Site, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	conn, err := newSession(cfg)
	if err != nil {
		return nil, err
	}
	s := &Site{cfg: cfg, conn: conn, makings: semaphore.NewWeighted(makingsAtOnce), uploader: newUploader()}
	if err := s.meet(ctx); err != nil {
		_ = conn.close(context.WithoutCancel(ctx)) // the first error is the one that matters
		return nil, s.fault(err, "open")
	}
	return s, nil
}

// meet logs in, settles the region and looks for the services.
func (s *Site) meet(ctx context.Context) error {
	sc, err := s.conn.scoped(ctx, "")
	if err != nil {
		return err
	}
	if s.cfg.Region == "" {
		if s.cfg.Region, err = s.conn.onlyRegion(sc); err != nil {
			return err
		}
		s.conn.cfg.Region = s.cfg.Region
	}
	for _, name := range []string{serviceCompute, serviceNetwork, serviceVolume, serviceImage} {
		if _, err := s.conn.endpoint(sc, services[name]); err != nil {
			return err
		}
	}
	return nil
}

// Close implements driver.Site.
func (s *Site) Close(ctx context.Context) error {
	return s.fault(s.conn.close(ctx), "close")
}
