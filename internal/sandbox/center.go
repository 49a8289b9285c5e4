package sandbox

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/vpx"
	_ "github.com/vmware/govmomi/vapi/simulator" // REST: tags and sessions
	"github.com/vmware/govmomi/vim25/types"
)

// Center is one simulated vCenter, with hooks for tests. All methods are safe
// for concurrent use.
type Center struct {
	name       string
	opt        Options
	root       string // folder of the datastores' folders
	devices    string // folder of the worker's device links
	datacenter string
	worker     string // name of the worker VM; empty at the source
	passwords  map[string]string
	addr       string

	svc      *simulator.Service
	web      *web
	sessions *sessions

	stores map[string]*simulator.Datastore // by name; fixed after build

	capacity int64 // bytes of each datastore; fixed after build
	built    atomic.Bool

	mu       sync.Mutex       // taken before machine.mu and disk.mu
	disks    map[string]*disk // by flat file
	loose    map[string]*disk // those of disks that no machine has
	used     map[string]int64 // bytes, by datastore
	machines map[types.ManagedObjectReference]*machine
	closed   bool
	lastIP   int
	guests   sync.WaitGroup
}

func newCenter(s *Sandbox, name string, ca *authority, l net.Listener) (*Center, error) {
	c := &Center{
		name:       name,
		opt:        s.opt,
		root:       filepath.Join(s.dir, "datastores", name),
		devices:    filepath.Join(s.dir, devicesDir(name)),
		datacenter: name,
		addr:       l.Addr().String(),
		passwords:  map[string]string{},
		sessions:   newSessions(),
		stores:     map[string]*simulator.Datastore{},
		disks:      map[string]*disk{},
		loose:      map[string]*disk{},
		used:       map[string]int64{},
		machines:   map[types.ManagedObjectReference]*machine{},
	}
	users := []string{Operator, Auditor}
	if name == Source {
		users = append(users, Migrator)
	} else {
		c.worker = "psn-worker-" + name
		if err := os.MkdirAll(c.devices, 0o755); err != nil {
			return nil, fmt.Errorf("device folder: %w", err)
		}
	}
	for _, u := range users {
		p, err := password(filepath.Join(s.dir, secretFile(name, u)))
		if err != nil {
			return nil, err
		}
		c.passwords[u] = p
	}
	cert, err := ca.server(name)
	if err != nil {
		return nil, err
	}

	ctx, instance := simulator.NewServiceInstance(simulator.NewContext(), vpx.ServiceContent, vpx.RootFolder)
	instance.Content.About.InstanceUuid = uuid.NewSHA1(uuid.NameSpaceDNS, []byte("vcenter."+name)).String()
	c.svc = simulator.New(ctx, instance)
	c.svc.RegisterEndpoints = true
	c.svc.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(Operator, c.passwords[Operator])}
	// The simulator's own server exists only to register its routes.
	c.svc.NewServer().Close()
	sm := c.svc.Context.Map.SessionManager()
	sm.ServiceHostName = c.addr
	sm.ValidLogin = func(r *types.Login) bool { return c.login(r.UserName, r.Password) }
	c.web = newWeb(c, cert)
	c.intercept()
	return c, nil
}

// login reports whether the account exists and the password is right.
func (c *Center) login(user, pass string) bool {
	want, ok := c.passwords[user]
	return ok && subtle.ConstantTimeCompare([]byte(want), []byte(pass)) == 1
}

// context returns a simulator context of its own: the simulator's locks are
// shared by everything that holds the same context.
func (c *Center) context() *simulator.Context {
	ctx := *c.svc.Context
	return &ctx
}

// Name is the vCenter's name: a site, or Source.
func (c *Center) Name() string { return c.name }

// Endpoint is the SOAP endpoint's address.
func (c *Center) Endpoint() string { return "https://" + c.addr + "/sdk" }

// Worker is the name of the site's worker VM, empty at the source.
func (c *Center) Worker() string { return c.worker }

// Devices is the folder of the worker's device links.
func (c *Center) Devices() string { return c.devices }

// Password returns the password of an account, empty when there is none.
func (c *Center) Password(user string) string { return c.passwords[user] }

func (c *Center) close() {
	c.mu.Lock()
	c.closed = true
	machines := make([]*machine, 0, len(c.machines))
	for _, m := range c.machines {
		machines = append(machines, m)
	}
	c.mu.Unlock()
	c.web.close()
	for _, m := range machines {
		m.powerOff()
	}
	c.guests.Wait()
}
