package cli

import (
	"cmp"
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
	printVerdict(w, res)
	if err := printSites(w, req, res); err != nil {
		return err
	}
	for _, q := range res.Quota {
		where := "in total"
		if q.Site != "" {
			where = "at " + string(q.Site)
		}
		fmt.Fprintf(w, "quota %s: %s %d used, limit %d\n", where, q.Resource, q.Used, q.Limit)
	}
	if res.Verdict != placement.Placed {
		return nil // what is not placed neither costs nor moves
	}
	c := res.Cost
	fmt.Fprintf(w, "\ncost: %s (prices %s, moves %s, wishes not met %s, balance %s)\n", costUnits(c.Total), costUnits(c.Price), costUnits(c.Moves), costUnits(c.Wishes), costUnits(c.Balance))
	if err := printPlaces(w, res); err != nil {
		return err
	}
	return printMoves(w, req, res)
}

// Reasons printed: a rebalance of thousands of machines has one for each move.
const firstLines, lastLines = 30, 8

// printVerdict prints the verdict and its reasons. A reason that is a finding has
// its rule behind it; what to do about findings comes once, at the end.
func printVerdict(w io.Writer, res placement.Result) {
	fmt.Fprintf(w, "verdict: %s\n", res.Verdict)
	said := map[string]bool{}
	for i, line := range res.Explanation {
		if hidden := len(res.Explanation) - firstLines - lastLines; hidden > 1 && i >= firstLines && i < firstLines+hidden {
			if i == firstLines {
				fmt.Fprintf(w, "  … %d more (--json has them all)\n", hidden)
			}
			continue
		}
		for _, f := range res.Findings {
			if f.Message == line {
				said[line] = true
				line += " [" + f.Rule + "]"
				break
			}
		}
		fmt.Fprintf(w, "  %s\n", line)
	}
	var remedies []string
	for _, f := range res.Findings {
		if !said[f.Message] {
			fmt.Fprintf(w, "  %s: %s [%s]\n", f.Severity, f.Message, f.Rule)
		}
		if !slices.Contains(remedies, f.Remedy) {
			remedies = append(remedies, f.Remedy)
		}
	}
	for _, r := range remedies {
		fmt.Fprintf(w, "remedy: %s\n", r)
	}
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
	if res.Verdict != placement.Placed {
		fmt.Fprintln(w, "without the machines of this request:")
	}
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
	rows := [][]string{{"MACHINE", "SITE", "PLATFORM", "CLUSTER", "STANDBY", "STANDBY CLUSTER"}}
	for _, vm := range slices.Sorted(maps.Keys(res.Assignments)) {
		m := res.Assignments[vm]
		standby := cmp.Or(string(m.StandbySite), "-")
		if m.StandbyMode == placement.Active {
			standby += " (active)"
		}
		rows = append(rows, []string{vm, string(m.Site), string(m.Platform), m.Cluster, standby, cmp.Or(m.StandbyCluster, "-")})
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
	rows := [][]string{{"MOVES", "FROM", "TO", "STANDBY FROM", "STANDBY TO", "COPY GIB"}}
	for _, m := range res.Moves {
		from, to := step(m.From.Place(), m.To.Place())
		standbyFrom, standbyTo := step(m.From.StandbyPlace(), m.To.StandbyPlace())
		rows = append(rows, []string{m.VM, from, to, standbyFrom, standbyTo, fmt.Sprint(gib(m.CopyMiB))})
	}
	return table(w, rows...)
}

// step names where something is and goes. What stays is said to: beside the
// places of others, a dash would read as "nowhere".
func step(from, to string) (string, string) {
	switch {
	case from == to && from == "":
		return "-", "-"
	case from == to:
		return from, "stays"
	}
	return cmp.Or(from, "none"), cmp.Or(to, "none")
}
