package openstack

import (
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"
)

// directory knows which service an URL belongs to. The services of a region are
// told from the catalogue, when there is one; until then all is identity.
type directory struct {
	mu    sync.RWMutex
	bases map[string]string // URL prefix -> service
}

// learn notes the prefix of a service.
func (d *directory) learn(base, service string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bases == nil {
		d.bases = map[string]string{}
	}
	d.bases[strings.TrimRight(base, "/")] = service
}

// service finds the service of an URL by the longest prefix.
func (d *directory) service(u string) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	name, length := serviceIdentity, 0
	for base, s := range d.bases {
		if len(base) > length && (u == base || strings.HasPrefix(u, base+"/") || strings.HasPrefix(u, base+"?")) {
			name, length = s, len(base)
		}
	}
	return name
}

// limit bounds the requests that one service gets at a time, so that a wave of
// machines does not starve the cloud's own users, and tells of each answer. A
// request whose URL is not encrypted ends here.
type limit struct {
	next    http.RoundTripper
	dir     *directory
	width   int64
	observe func(service, method, path string, status int)

	mu   sync.Mutex
	sems map[string]*semaphore.Weighted
}

// RoundTrip implements http.RoundTripper. The place is given back with the
// answer's headers: bodies are read by the caller at its own pace.
func (l *limit) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := secure(req.URL); err != nil {
		return nil, err
	}
	service := l.dir.service(bare(req.URL))
	sem := l.sem(service)
	if err := sem.Acquire(req.Context(), 1); err != nil {
		return nil, err
	}
	res, err := l.next.RoundTrip(req)
	sem.Release(1)
	if l.observe != nil {
		status := 0
		if err == nil {
			status = res.StatusCode
		}
		l.observe(service, req.Method, req.URL.Path, status)
	}
	return res, err
}

func (l *limit) sem(service string) *semaphore.Weighted {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sems == nil {
		l.sems = map[string]*semaphore.Weighted{}
	}
	if l.sems[service] == nil {
		l.sems[service] = semaphore.NewWeighted(l.width)
	}
	return l.sems[service]
}

// bare is an URL without its query.
func bare(u *url.URL) string {
	return u.Scheme + "://" + u.Host + u.Path
}
