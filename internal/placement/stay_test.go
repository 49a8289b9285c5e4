package placement_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The order of workloads, sites and clusters, and the run, change no byte.
func TestSameRequestSameBytes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		req := random(seed, 5+int64(seed)*3, 70+int64(seed%3)*12)
		if first := solve(t, req); first.Verdict == placement.Placed && seed%2 == 0 {
			req.Current = first.Assignments
			req.Sites[0].Clusters[0].Capacity.MemoryMiB /= 2
		}
		want := bytesOf(t, solve(t, req))
		for n := range uint64(4) {
			if got := bytesOf(t, solve(t, shuffle(req, n))); got != want {
				t.Fatalf("seed %d, order %d:\n%s\nwant\n%s", seed, n, got, want)
			}
		}
	}
}

// The same decisions on every architecture and in every release that does not
// mean to change them: the hash is that of one hundred results.
func TestDecisionsAreStable(t *testing.T) {
	t.Parallel()
	sum := sha256.New()
	for seed := range uint64(100) {
		sum.Write([]byte(bytesOf(t, solve(t, random(seed, 30, 80)))))
	}
	const want = "ba0dee1f214b54840f1fe63193a97216ac8fcc3a45fdd81490fca0b754ef255d"
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("decisions hash to %s, want %s; if the change is meant, say so in the changelog: standing placements are not touched, new ones differ", got, want)
	}
}

// Adding, growing or removing workloads moves nothing that stands.
func TestNothingMovesWhenAsked(t *testing.T) {
	t.Parallel()
	for seed := range uint64(120) {
		req := random(seed, 40, 45)
		first := solve(t, req)
		if first.Verdict != placement.Placed {
			continue
		}
		r := rand.New(rand.NewPCG(seed, 5))
		next := req
		next.Current = first.Assignments
		next.Workloads = slices.Clone(req.Workloads)
		next.Workloads = slices.Delete(next.Workloads, 0, 1)
		next.Workloads[r.IntN(len(next.Workloads))].Instances += 2
		next.Workloads = append(next.Workloads, placement.Workload{Name: "added", Service: "p_bs/new", Classification: psn.Strategic, Instances: 2, PerInstance: size(1, 1, 1)})
		second := solve(t, next)
		if second.Verdict != placement.Placed {
			continue // the new machines need not fit beside what stays
		}
		if bad := validate(next, second); len(bad) > 0 {
			t.Fatalf("seed %d: %v", seed, bad)
		}
		if len(second.Moves) > 0 {
			t.Fatalf("seed %d: moves %+v", seed, second.Moves)
		}
		for vm, a := range first.Assignments {
			if now, ok := second.Assignments[vm]; ok && now != a {
				t.Fatalf("seed %d: %s was %+v, is %+v", seed, vm, a, now)
			}
		}
		// The same again, with what was decided as what stands, is a fixed point.
		next.Current = second.Assignments
		third := solve(t, next)
		if diff := cmp.Diff(second.Assignments, third.Assignments); diff != "" || len(third.Moves) > 0 {
			t.Fatalf("seed %d: a second look changes the decision:\n%s", seed, diff)
		}
	}
}

// When a cluster shrinks, machines leave it, and only machines that stood on it.
func TestOnlyWhatMustMoves(t *testing.T) {
	t.Parallel()
	moved := 0
	for seed := range uint64(120) {
		req := random(seed, 40, 40)
		first := solve(t, req)
		if first.Verdict != placement.Placed {
			continue
		}
		next := req
		next.Current = first.Assignments
		si := int(seed) % len(next.Sites)
		shrunk := &next.Sites[si].Clusters[0]
		at := place{next.Sites[si].Site, next.Sites[si].Platform, shrunk.Name}
		spare := shrunk.Capacity.MemoryMiB
		for _, h := range first.Headroom {
			if (place{h.Site, h.Platform, h.Cluster}) == at {
				spare = min(spare, h.Free.MemoryMiB)
			}
		}
		shrunk.Capacity.MemoryMiB = max(0, shrunk.Capacity.MemoryMiB-spare-20*1024)
		second := solve(t, next)
		if second.Verdict != placement.Placed {
			continue
		}
		if bad := validate(next, second); len(bad) > 0 {
			t.Fatalf("seed %d: %v", seed, bad)
		}
		for _, mv := range second.Moves {
			moved++
			if primaryOf(mv.From) != at && standbyOf(mv.From) != at {
				t.Fatalf("seed %d: %s moved from %+v although only %v shrank", seed, mv.VM, mv.From, at)
			}
			if primaryOf(mv.From) != at && primaryOf(mv.To) != primaryOf(mv.From) && mv.To.Site == mv.From.Site {
				t.Fatalf("seed %d: primary of %s moved within its site although its standby was in the way", seed, mv.VM)
			}
			if !slices.ContainsFunc(second.Explanation, func(l string) bool { return strings.Contains(l, mv.VM+" moves from") }) {
				t.Fatalf("seed %d: the move of %s is not explained: %q", seed, mv.VM, second.Explanation)
			}
		}
		for vm, a := range second.Assignments {
			isMove := slices.ContainsFunc(second.Moves, func(m placement.Move) bool { return m.VM == vm })
			if isMove != (a != first.Assignments[vm]) {
				t.Fatalf("seed %d: %s: %+v became %+v, in Moves: %v", seed, vm, first.Assignments[vm], a, isMove)
			}
		}
	}
	if moved < 20 {
		t.Errorf("%d moves in all: the test does not bite", moved)
	}
}

func TestRebalanceSpreadsAndSettles(t *testing.T) {
	t.Parallel()
	req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)),
		Workloads: []placement.Workload{{Name: "w", Service: "p_bs/s", Classification: psn.Ordinary, Instances: 16, PerInstance: size(4, 16, 100)}}}
	heap := map[string]placement.Assignment{}
	for n := 1; n <= 16; n++ {
		vm := fmt.Sprintf("w-%d", n)
		heap[vm] = placement.Assignment{VM: vm, Workload: "w", Service: "p_bs/s", Classification: psn.Ordinary, Resources: size(4, 16, 100), Site: psn.Acilia, Region: psn.Lazio, Platform: psn.VSphere, Cluster: "c1"}
	}
	req.Current = heap
	if res := solve(t, req); len(res.Moves) > 0 {
		t.Errorf("moved without being asked: %+v", res.Moves)
	}
	req.Rebalance = true
	res := solve(t, req)
	perSite := map[psn.Site]int{}
	for _, a := range res.Assignments {
		perSite[a.Site]++
	}
	for s, n := range perSite {
		if n < 3 || n > 5 {
			t.Errorf("%s has %d of 16 after a rebalance", s, n)
		}
	}
	req.Current = res.Assignments
	if again := solve(t, req); len(again.Moves) > 0 {
		t.Errorf("a second rebalance still moves %d machines", len(again.Moves))
	}
}

// Changes of size and class keep a machine in place where that is possible.
func TestChangesInPlace(t *testing.T) {
	t.Parallel()
	req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)),
		Workloads: []placement.Workload{{Name: "w", Service: "p_bs/s", Classification: psn.Ordinary, Instances: 3, PerInstance: size(4, 16, 100)}}}
	first := solve(t, req)
	req.Current = first.Assignments

	req.Workloads[0].PerInstance = size(8, 32, 200)
	grown := solve(t, req)
	req.Workloads[0].Classification = psn.Strategic
	raised := solve(t, req)
	req.Current = raised.Assignments
	req.Workloads[0].Classification = psn.Ordinary
	lowered := solve(t, req)
	for name, res := range map[string]placement.Result{"grown": grown, "raised": raised, "lowered": lowered} {
		if res.Verdict != placement.Placed || len(res.Moves) > 0 {
			t.Fatalf("%s: %s, moves %+v", name, res.Verdict, res.Moves)
		}
		for vm, a := range res.Assignments {
			if primaryOf(a) != primaryOf(first.Assignments[vm]) || a.Resources != size(8, 32, 200) {
				t.Errorf("%s: %s is %+v, was %+v", name, vm, a, first.Assignments[vm])
			}
			if (a.StandbySite != "") != (name == "raised") {
				t.Errorf("%s: standby of %s is %q", name, vm, a.StandbySite)
			}
		}
	}
	if !slices.Contains(raised.Explanation, "3 machines kept in place and given a standby") {
		t.Errorf("explanation: %q", raised.Explanation)
	}
}

// What the request's own services hold in the inventory is not counted twice,
// what the tenant's other services hold is counted.
func TestOwnCommitments(t *testing.T) {
	t.Parallel()
	w := placement.Workload{Name: "w", Service: "p_bs/s", Classification: psn.Ordinary, Instances: 1, PerInstance: size(80, 1, 1), Sites: []psn.Site{psn.Acilia}}
	for service, want := range map[psn.ServiceID]placement.Verdict{"p_bs/s": placement.Placed, "": placement.Placed, "p_bs/gone": placement.Placed, "p_bs/other": placement.Infeasible} {
		req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Workloads: []placement.Workload{w},
			Current: map[string]placement.Assignment{"gone-1": {VM: "gone-1", Service: "p_bs/gone", Site: psn.Acilia, Platform: psn.VSphere, Cluster: "c1"}}}
		req.Sites[0].Clusters[0].Commitments = []psn.Commitment{{Tenant: tenant, Service: service, Resources: size(80, 1, 1)}}
		if res := solve(t, req); res.Verdict != want {
			t.Errorf("commitment of %q: %s, want %s: %q", service, res.Verdict, want, res.Explanation)
		}
	}
}

// A standby's compute is shared by the losses of different sites, its disk is not.
func TestReserveIsSharedDisksAreNot(t *testing.T) {
	t.Parallel()
	req := placement.Request{Tenant: tenant, Sites: estate(1, size(20, 1000, 10_000))}
	for i, s := range []psn.Site{psn.Acilia, psn.Pomezia} {
		req.Workloads = append(req.Workloads, placement.Workload{Name: fmt.Sprintf("w%d", i), Service: "p_bs/s", Classification: psn.Strategic, Instances: 1, PerInstance: size(20, 10, 1000), Sites: []psn.Site{s}})
	}
	req.Sites[3].Clusters = nil // only Rozzano is left for both standbys
	res := solve(t, req)
	if res.Verdict != placement.Placed {
		t.Fatalf("%s: %q", res.Verdict, res.Explanation)
	}
	if bad := validate(req, res); len(bad) > 0 {
		t.Fatal(bad)
	}
	req.Sites[2].Clusters[0].Capacity.StorageMiB = 1999 * 1024
	if res := solve(t, req); res.Verdict != placement.Infeasible {
		t.Errorf("two disks of 1000 GiB on 1999 GiB: %s", res.Verdict)
	}
}
