package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// tracker remembers when each block last changed. A nil tracker is one that is
// switched off.
type tracker struct {
	uuid uuid.UUID // changes whenever old ids lose their meaning
	seq  uint64
	last map[int64]uint64 // block -> seq of its last change
}

func newTracker() *tracker {
	return &tracker{uuid: uuid.New(), seq: 1, last: map[int64]uint64{}}
}

// reset makes every change id handed out stale.
func (t *tracker) reset() {
	if t != nil {
		*t = *newTracker()
	}
}

func (t *tracker) mark(off, n int64) {
	if t == nil {
		return
	}
	for b := off / blockSize; b*blockSize < off+n; b++ {
		t.last[b] = t.seq
	}
}

// snapshot starts a new interval and returns what had changed until now.
func (t *tracker) snapshot() *changes {
	if t == nil {
		return nil
	}
	t.seq++
	return &changes{uuid: t.uuid, seq: t.seq, last: maps.Clone(t.last)}
}

// changes is the state of a tracker at one instant.
type changes struct {
	uuid uuid.UUID
	seq  uint64
	last map[int64]uint64
}

// id is the change id: it stands for everything written before the instant.
func (c *changes) id() string {
	if c == nil {
		return ""
	}
	hex := make([]string, len(c.uuid))
	for i, b := range c.uuid {
		hex[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(hex[:8], " ") + "-" + strings.Join(hex[8:], " ") + "/" + strconv.FormatUint(c.seq, 10)
}

// since returns the blocks changed after the id was handed out; ok is false when
// the id does not describe this disk.
func (c *changes) since(id string) (blocks []int64, ok bool) {
	id = strings.TrimSpace(id)
	own := c.id()
	prefix, n, found := strings.Cut(id, "/")
	ownPrefix, _, _ := strings.Cut(own, "/")
	seq, err := strconv.ParseUint(n, 10, 64)
	if !found || err != nil || prefix != ownPrefix || seq > c.seq {
		return nil, false
	}
	for b, s := range c.last {
		if s >= seq {
			blocks = append(blocks, b)
		}
	}
	slices.Sort(blocks)
	return blocks, true
}
