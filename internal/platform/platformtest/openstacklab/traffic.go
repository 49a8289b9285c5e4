package openstacklab

import (
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Traffic is what went through a TLS front of the lab since it was started.
// Bytes are those of HTTP, headers and body, before encryption.
type Traffic struct {
	Requests int64
	BytesIn  int64 // from clients
	BytesOut int64 // to clients
}

// Add returns the sum.
func (t Traffic) Add(o Traffic) Traffic {
	return Traffic{t.Requests + o.Requests, t.BytesIn + o.BytesIn, t.BytesOut + o.BytesOut}
}

// Traffic is that of identity, which all sites share.
func (l *Lab) Traffic() (Traffic, error) { return l.front("identity") }

// SiteTraffic is that of a site's services.
func (l *Lab) SiteTraffic(site string) (Traffic, error) { return l.front(site) }

// front asks the front that serves name what it has counted.
func (l *Lab) front(name string) (Traffic, error) {
	c, err := net.DialTimeout("unix", filepath.Join(l.Dir, "run", "edge-"+name+".sock"), 5*time.Second)
	if err != nil {
		return Traffic{}, fmt.Errorf("traffic of %s: %w", name, err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return Traffic{}, fmt.Errorf("traffic of %s: %w", name, err)
	}
	if _, err := io.WriteString(c, "show stat\n"); err != nil {
		return Traffic{}, fmt.Errorf("traffic of %s: %w", name, err)
	}
	t, err := readTraffic(c)
	if err != nil {
		return Traffic{}, fmt.Errorf("traffic of %s: %w", name, err)
	}
	return t, nil
}

// readTraffic sums the front ends of HAProxy's statistics.
func readTraffic(r io.Reader) (Traffic, error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord = -1
	rows, err := table.ReadAll()
	if err != nil {
		return Traffic{}, err
	}
	if len(rows) < 2 {
		return Traffic{}, fmt.Errorf("no statistics came")
	}
	var t Traffic
	for _, row := range rows[1:] {
		if i := slices.Index(rows[0], "svname"); i < 0 || i >= len(row) || row[i] != "FRONTEND" {
			continue
		}
		for name, into := range map[string]*int64{"req_tot": &t.Requests, "bin": &t.BytesIn, "bout": &t.BytesOut} {
			i := slices.Index(rows[0], name)
			if i < 0 || i >= len(row) {
				return Traffic{}, fmt.Errorf("the statistics have no column %q", name)
			}
			n, err := strconv.ParseInt(row[i], 10, 64)
			if err != nil {
				return Traffic{}, fmt.Errorf("column %q: %w", name, err)
			}
			*into += n
		}
	}
	return t, nil
}
