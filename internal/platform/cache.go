package platform

import (
	"strings"
	"sync"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// cache holds the last bulk read and what this process changed since.
//
// A change of ours is written through: it is visible at once to lookups of
// single machines without a bulk read. Sums (commitments) are not patched:
// after a change of ours the next one who asks for the whole inventory gets a
// new read.
type cache struct {
	mu      sync.Mutex
	inv     *psn.SiteInventory // shared with callers, never changed
	byUUID  map[string]int
	readAt  time.Time // when the read began
	changes uint64    // of ours so far
	readSeq uint64    // changes when the read began
	dropped uint64    // changes at the last drop
	own     map[string]ownChange
}

// ownChange is the state of a machine after a change of ours; nil when deleted.
type ownChange struct {
	seq uint64
	vm  *psn.VM
}

// begin marks the start of a bulk read.
func (c *cache) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes
}

// store keeps a bulk read that began at the given time and change. It reports
// false, keeping nothing, when the cache was dropped since.
func (c *cache) store(inv *psn.SiteInventory, at time.Time, seq uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if seq < c.dropped {
		return false
	}
	c.inv, c.readAt, c.readSeq = inv, at, seq
	c.byUUID = make(map[string]int, len(inv.VMs))
	for i := range inv.VMs {
		c.byUUID[strings.ToLower(inv.VMs[i].InstanceUUID)] = i
	}
	for ref, o := range c.own {
		if o.seq <= seq {
			delete(c.own, ref) // the read saw it
		}
	}
	return true
}

// wrote records a machine as changed by us; nil says deleted.
func (c *cache) wrote(ref string, vm *psn.VM) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	if c.own == nil {
		c.own = map[string]ownChange{}
	}
	c.own[ref] = ownChange{c.changes, vm}
}

// drop forgets everything.
func (c *cache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inv, c.byUUID, c.own = nil, nil, nil
	c.changes++
	c.dropped = c.changes
}

// whole returns the inventory when it is younger than ttl and nothing of ours
// changed since it was read.
func (c *cache) whole(now time.Time, ttl time.Duration) (*psn.SiteInventory, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inv == nil || now.Sub(c.readAt) >= ttl || c.readSeq != c.changes {
		return nil, false
	}
	return c.inv, true
}

// answer says what a lookup in the cache came to.
type answer int

const (
	unknown answer = iota // the cache is empty or too old to tell
	present
	absent
)

// find looks a machine up by instance UUID. An absence is believed for a
// shorter time than a presence: another process may just have made the machine.
func (c *cache) find(uuid string, now time.Time, ttl, ttlAbsent time.Duration) (psn.VM, answer) {
	uuid = strings.ToLower(uuid)
	c.mu.Lock()
	defer c.mu.Unlock()
	age := now.Sub(c.readAt)
	if c.inv == nil || age >= ttl {
		return psn.VM{}, unknown
	}
	for _, o := range c.own {
		if o.vm != nil && strings.ToLower(o.vm.InstanceUUID) == uuid {
			return *o.vm, present
		}
	}
	if i, ok := c.byUUID[uuid]; ok {
		vm := c.inv.VMs[i]
		if _, changed := c.own[vm.Ref]; !changed {
			return vm, present
		}
		return psn.VM{}, absent // deleted by us
	}
	if age >= ttlAbsent {
		return psn.VM{}, unknown
	}
	return psn.VM{}, absent
}

// since reports whether there is a bulk read younger than ttl.
func (c *cache) since(now time.Time, ttl time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inv != nil && now.Sub(c.readAt) < ttl
}

// byRef returns the machine of that ref as last seen, when that is younger than
// ttl. A machine that is not known may stand all the same.
func (c *cache) byRef(ref string, now time.Time, ttl time.Duration) (*psn.VM, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inv == nil || now.Sub(c.readAt) >= ttl {
		return nil, false
	}
	if o, changed := c.own[ref]; changed {
		return o.vm, o.vm != nil
	}
	for i := range c.inv.VMs {
		if c.inv.VMs[i].Ref == ref {
			vm := c.inv.VMs[i]
			return &vm, true
		}
	}
	return nil, false
}
