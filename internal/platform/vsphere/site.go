package vsphere

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Site implements driver.Site and every capability interface on one datacenter
// of one vCenter.
type Site struct {
	cfg  Config
	conn *session
	tags *tagger
	dc   mo.Datacenter // name and root folders
	// dcPath is where the datacenter stands below the root folder, with its name.
	dcPath string
	page   int32 // objects per answer

	topoMu sync.Mutex
	topo   *topology // nil when it must be read

	tenants keyedMutex // one EnsureTenant per tenant at a time
	workers keyedMutex // one device change per machine that takes others' disks at a time
	nets    sync.Mutex // one network is made at a time
	groups  keyedMutex // one rule change per group at a time
	claims  claims     // to volumes whose making was not answered yet
}

var (
	_ driver.Site          = (*Site)(nil)
	_ driver.Guest         = (*Site)(nil)
	_ driver.Links         = (*Site)(nil)
	_ driver.Snapshotter   = (*Site)(nil)
	_ driver.ChangeTracker = (*Site)(nil)
	_ driver.DiskReader    = (*Site)(nil)
	_ driver.DiskAttacher  = (*Site)(nil)
	_ driver.WorkerReach   = (*Site)(nil)
	_ driver.Images        = (*Site)(nil)
	_ driver.Quotas        = (*Site)(nil)
	_ driver.Leftovers     = (*Site)(nil)
	_ driver.Volumes       = (*Site)(nil)

	_ driver.StorageClasses = (*Site)(nil)
	_ driver.Networks       = (*Site)(nil)
)

// Open logs in to the vCenter and finds the datacenter. Errors: InvalidInput,
// Untrusted, Unauthenticated, Unavailable, NotFound (no such datacenter).
func Open(ctx context.Context, cfg Config) (*Site, error) {
	cfg = cfg.withDefaults()
	if err := CheckEndpoint(cfg.Endpoint); err != nil {
		return nil, err
	}
	s := &Site{cfg: cfg, page: pageObjects}
	conn, err := dial(ctx, cfg)
	if err != nil {
		return nil, s.coded("open", err)
	}
	s.conn = conn
	s.tags = newTagger(conn)
	if err := s.findDatacenter(ctx); err != nil {
		_ = conn.close(ctx) // the first error is the one that matters
		return nil, s.coded("open", err)
	}
	return s, nil
}

// Close implements driver.Site.
func (s *Site) Close(ctx context.Context) error {
	s.tags.close(ctx)
	return s.coded("close", s.conn.close(ctx))
}

func (s *Site) findDatacenter(ctx context.Context) error {
	content, err := s.readView(ctx, s.conn.vim.ServiceContent.RootFolder, map[string][]string{
		"Datacenter": {"name", "parent", "vmFolder", "hostFolder", "datastoreFolder", "networkFolder"},
	})
	if err != nil {
		return err
	}
	dcs, err := load[mo.Datacenter](content, "Datacenter")
	if err != nil {
		return err
	}
	var names []string
	for _, dc := range dcs {
		where, err := s.pathOf(ctx, dc)
		if err != nil {
			return err
		}
		if wanted := s.cfg.Datacenter; dc.Name == wanted || where == strings.Trim(wanted, "/") || (wanted == "" && len(dcs) == 1) {
			s.dc, s.dcPath = dc, where
			return nil
		}
		names = append(names, fmt.Sprintf("%q", where))
	}
	list := strings.Join(names, ", ")
	if s.cfg.Datacenter == "" {
		return psn.Errorf(psn.InvalidInput, "%s has %d datacenters (%s): set datacenter to one of them", s.cfg.Endpoint, len(dcs), list)
	}
	return psn.Errorf(psn.NotFound, "%s has no datacenter %q visible to user %q: it has %s", s.cfg.Endpoint, s.cfg.Datacenter, s.cfg.Username, list)
}

// pathOf is the datacenter's path below the root folder: its name alone, unless
// it stands in folders.
func (s *Site) pathOf(ctx context.Context, dc mo.Datacenter) (string, error) {
	path := dc.Name
	root := s.conn.vim.ServiceContent.RootFolder
	for at := dc.Parent; at != nil && *at != root; {
		var f mo.Folder
		if err := s.readOne(ctx, *at, []string{"name", "parent"}, &f); err != nil {
			return "", fmt.Errorf("find where datacenter %q stands: %w", dc.Name, err)
		}
		path, at = f.Name+"/"+path, f.Parent
	}
	return path, nil
}

// vmRef makes a reference of a platform id.
func vmRef(ref string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "VirtualMachine", Value: ref}
}
