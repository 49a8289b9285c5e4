package placement

import (
	"maps"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// chain is the workload, the one it wants to be near, the one that wants to be
// near, and so on, up to one that follows none or that is named already.
func chain(name string, follows map[string]string) []string {
	out := []string{name}
	for next := follows[name]; next != ""; next = follows[next] {
		again := slices.Contains(out, next)
		if out = append(out, next); again {
			break
		}
	}
	return out
}

// near decides with every workload that follows another near the sites where
// that one is decided to be, and returns the request with those sites. Nearness
// is a wish: it never decides whether there is a placement, only which.
func (d derogations) near(req placement.Request, follows map[string]string) (placement.Request, placement.Result, error) {
	if len(follows) == 0 {
		res, err := d.place(req)
		return req, res, err
	}
	// Mostly what is followed stands and stays.
	at := sitesByWorkload(req.Current)
	req = beside(req, follows, at, nil)
	res, err := d.place(req)
	if err != nil || res.Verdict != placement.Placed || settledAt(follows, at, sitesByWorkload(res.Assignments)) {
		return req, res, err
	}
	return d.inTurn(req, follows)
}

// inTurn decides in the order of who follows whom: what follows none first, then
// what follows those, near where they were decided to be, and so on. What is
// followed is held where it was decided to be, if that can be.
func (d derogations) inTurn(req placement.Request, follows map[string]string) (placement.Request, placement.Result, error) {
	depth, deepest := map[string]int{}, 0
	for _, name := range slices.Sorted(maps.Keys(follows)) {
		depth[name] = len(chain(name, follows)) - 1
		deepest = max(deepest, depth[name])
	}
	followed := slices.Sorted(maps.Values(follows))
	req = beside(req, follows, nil, nil)
	res, err := d.place(req)
	for level := 1; level <= deepest && err == nil && res.Verdict == placement.Placed; level++ {
		at := sitesByWorkload(res.Assignments)
		req = beside(req, follows, at, func(name string) bool { return depth[name] <= level })
		held := req
		held.Workloads = slices.Clone(req.Workloads)
		for i, w := range held.Workloads {
			if depth[w.Name] < level && slices.Contains(followed, w.Name) {
				held.Workloads[i].Sites = at[w.Name]
			}
		}
		res, err = d.place(held)
		if err == nil && res.Verdict != placement.Placed {
			res, err = d.place(req)
		}
	}
	if err == nil && res.Verdict == placement.Placed {
		req = beside(req, follows, sitesByWorkload(res.Assignments), nil) // what is told of it
	}
	return req, res, err
}

// beside gives the workloads that follow another, all of them or some, the sites
// of that one.
func beside(req placement.Request, follows map[string]string, at map[string][]psn.Site, some func(name string) bool) placement.Request {
	req.Workloads = slices.Clone(req.Workloads)
	for i, w := range req.Workloads {
		if name := follows[w.Name]; name != "" {
			req.Workloads[i].Near = nil
			if some == nil || some(w.Name) {
				req.Workloads[i].Near = at[name]
			}
		}
	}
	return req
}

// settledAt reports whether everything followed is where it was taken to be.
func settledAt(follows map[string]string, taken, decided map[string][]psn.Site) bool {
	for _, name := range follows {
		if !slices.Equal(taken[name], decided[name]) {
			return false
		}
	}
	return true
}

// sitesByWorkload lists the home sites of the machines of each workload, sorted.
func sitesByWorkload(as map[string]placement.Assignment) map[string][]psn.Site {
	out := map[string][]psn.Site{}
	for _, a := range as {
		if !slices.Contains(out[a.Workload], a.Site) {
			out[a.Workload] = append(out[a.Workload], a.Site)
		}
	}
	for _, sites := range out {
		slices.Sort(sites)
	}
	return out
}
