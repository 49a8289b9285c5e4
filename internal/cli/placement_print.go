package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/picture"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// printPlacement prints a decision: verdict and reasons, sites, headroom, places,
// moves and findings.
func printPlacement(w io.Writer, req placement.Request, res placement.Result) error {
	fmt.Fprintf(w, "verdict: %s\n", res.Verdict)
	for _, line := range res.Explanation {
		fmt.Fprintf(w, "  %s\n", line)
	}
	if err := printSites(w, req, res); err != nil {
		return err
	}
	if res.Verdict == placement.Placed {
		c := res.Cost
		fmt.Fprintf(w, "\ncost: %s (prices %s, moves %s, wishes not met %s, balance %s)\n", costUnits(c.Total), costUnits(c.Price), costUnits(c.Moves), costUnits(c.Wishes), costUnits(c.Balance))
	}
	for _, q := range res.Quota {
		where := "in total"
		if q.Site != "" {
			where = "at " + string(q.Site)
		}
		fmt.Fprintf(w, "quota %s: %s %d used, limit %d\n", where, q.Resource, q.Used, q.Limit)
	}
	if err := printPlaces(w, res); err != nil {
		return err
	}
	if err := printMoves(w, req, res); err != nil {
		return err
	}
	for _, f := range res.Findings {
		if _, err := fmt.Fprintf(w, "\n%s  %s  %s\n    %s\n    remedy: %s\n", f.Severity, f.Rule, f.Subject, f.Message, f.Remedy); err != nil {
			return err
		}
	}
	return nil
}

// costUnits prints millionths of a unit of cost.
func costUnits(v int64) string { return fmt.Sprintf("%d.%02d", v/1_000_000, v%1_000_000/10_000) }

func gib(mib int64) int64 { return mib / 1024 }

// printSites prints what each site runs and has left, normally and after the
// loss of each other.
func printSites(w io.Writer, req placement.Request, res placement.Result) error {
	rows := [][]string{{"SITE", "MACHINES", "STANDBYS", "VCPU", "RAM GIB", "STORAGE GIB", "RAM USED", "KEPT"}}
	for _, l := range picture.Loads(req, res) {
		share := func(v int64) string { return fmt.Sprintf("%d%%", v*100/max(l.Capacity.MemoryMiB, 1)) }
		rows = append(rows, []string{
			string(l.Site), fmt.Sprint(l.Machines), fmt.Sprint(l.Standbys), of(l.InUse.VCPUs, l.Capacity.VCPUs),
			of(gib(l.InUse.MemoryMiB), gib(l.Capacity.MemoryMiB)), of(gib(l.InUse.StorageMiB), gib(l.Capacity.StorageMiB)),
			share(l.InUse.MemoryMiB), share(l.Reserve.MemoryMiB),
		})
	}
	fmt.Fprintln(w)
	if err := table(w, rows...); err != nil {
		return err
	}
	type loss struct {
		site   psn.Site
		region psn.Region
	}
	losses := []loss{{}}
	for _, s := range psn.Sites() {
		losses = append(losses, loss{site: s})
	}
	if req.SurviveRegion {
		for _, r := range psn.Regions() {
			losses = append(losses, loss{region: r})
		}
	}
	rows = [][]string{{"LEFT WHEN LOST", "VCPU", "RAM GIB", "STORAGE GIB", "TIGHTEST CLUSTER", "LEAST VCPU", "LEAST RAM GIB"}}
	for _, l := range losses {
		var sum psn.Resources
		var tight *placement.Headroom
		for i, h := range res.Headroom {
			if h.Lost != l.site || h.LostRegion != l.region {
				continue
			}
			sum = sum.Add(h.Free)
			if tight == nil || h.Free.MemoryMiB < tight.Free.MemoryMiB {
				tight = &res.Headroom[i]
			}
		}
		if tight == nil {
			continue
		}
		name := "nothing"
		if l.site != "" {
			name = string(l.site)
		} else if l.region != "" {
			name = "region " + string(l.region)
		}
		rows = append(rows, []string{name, fmt.Sprint(sum.VCPUs), fmt.Sprint(gib(sum.MemoryMiB)), fmt.Sprint(gib(sum.StorageMiB)),
			fmt.Sprintf("%s/%s/%s", tight.Site, tight.Platform, tight.Cluster), fmt.Sprint(tight.Free.VCPUs), fmt.Sprint(gib(tight.Free.MemoryMiB))})
	}
	fmt.Fprintln(w)
	return table(w, rows...)
}

func of(part, all int64) string { return fmt.Sprintf("%d of %d", part, all) }

func printPlaces(w io.Writer, res placement.Result) error {
	if len(res.Assignments) == 0 {
		return nil
	}
	rows := [][]string{{"MACHINE", "SITE", "PLATFORM", "CLUSTER", "STANDBY", "CLUSTER"}}
	for _, vm := range slices.Sorted(maps.Keys(res.Assignments)) {
		m := res.Assignments[vm]
		standby := string(m.StandbySite)
		if m.StandbyMode == placement.Active {
			standby += " (active)"
		}
		rows = append(rows, []string{vm, string(m.Site), string(m.Platform), m.Cluster, standby, m.StandbyCluster})
	}
	fmt.Fprintln(w)
	return table(w, rows...)
}

// printMoves prints what changes place, and what that takes.
func printMoves(w io.Writer, req placement.Request, res placement.Result) error {
	if len(req.Current) == 0 {
		return nil
	}
	var copied int64
	for _, m := range res.Moves {
		copied += m.CopyMiB
	}
	fmt.Fprintf(w, "\nmoves against today: %d of %d machines, %d GiB to copy\n", len(res.Moves), len(req.Current), gib(copied))
	if len(res.Moves) == 0 {
		return nil
	}
	rows := [][]string{{"MOVES", "FROM", "TO", "STANDBY FROM", "TO", "COPY GIB"}}
	for _, m := range res.Moves {
		rows = append(rows, []string{m.VM, m.From.Place(), m.To.Place(), m.From.StandbyPlace(), m.To.StandbyPlace(), fmt.Sprint(gib(m.CopyMiB))})
	}
	return table(w, rows...)
}
