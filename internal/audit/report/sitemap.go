package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// siteMap is a drawing of the four sites: their pairs by region, not to scale.
type siteMap struct {
	Sites   []siteBox
	Arcs    []arc
	Unknown int // machines whose place is not known yet
}

type siteBox struct {
	Site, Name, Region string
	X, Y               int
	Active, Standby    int
	Capacity           int64 // vCPUs of the clusters in use
	Used, Worst        int64 // of them, normally and after the worst loss
	UsedPx, WorstPx    int
	Share, WorstShare  string
}

type arc struct {
	From, To        string // names of the sites
	Count           int    // standbys, both ways
	There, Back     int    // standbys at To for machines at From, and the reverse
	Distance        string
	X1, Y1, X2, Y2  int
	LabelX, LabelY  int
	Width           string
	Label           string
	LabelW          int
	BetweenRegions  bool
	LabelBoxX, BoxY int
}

const (
	boxWidth, boxHeight = 268, 96
	barWidth            = boxWidth - 32
)

// corner is where a site is drawn: north above south, west left of east.
var corner = map[psn.Site][2]int{
	"santo-stefano-ticino": {30, 52}, "rozzano": {462, 52}, "acilia": {30, 330}, "pomezia": {462, 330},
}

func mapOf(r *audit.Report, lang Language) siteMap {
	var out siteMap
	active, standby := map[string]int{}, map[string]int{}
	pairs := map[[2]string]int{}
	for _, m := range r.Machines {
		if m.Role == "not known" || m.Site == "" {
			out.Unknown++
			continue
		}
		active[m.Site]++
		if m.StandbySite != "" {
			standby[m.StandbySite]++
			pairs[[2]string{m.Site, m.StandbySite}]++
		}
	}
	for _, s := range catalog.Sites() {
		at := corner[s.Site]
		box := siteBox{Site: string(s.Site), Name: s.Name, Region: string(s.Region), X: at[0], Y: at[1], Active: active[string(s.Site)], Standby: standby[string(s.Site)]}
		box.load(r, s.Site, lang)
		out.Sites = append(out.Sites, box)
	}
	for _, p := range catalog.Distances() {
		there, back := pairs[[2]string{string(p.A), string(p.B)}], pairs[[2]string{string(p.B), string(p.A)}]
		if there+back > 0 {
			out.Arcs = append(out.Arcs, drawn(p, there, back, lang))
		}
	}
	return out
}

// load adds up the vCPUs of the clusters in use at a site, normally and after
// the loss of the site that asks most of it.
func (b *siteBox) load(r *audit.Report, site psn.Site, lang Language) {
	used := map[[2]string]int64{} // by site and region lost
	for _, h := range r.Headroom {
		if h.Site == site {
			used[[2]string{string(h.Lost), string(h.LostRegion)}] += h.Capacity.VCPUs - h.Free.VCPUs
			if h.Normal() {
				b.Capacity += h.Capacity.VCPUs
			}
		}
	}
	b.Used = used[[2]string{}]
	for _, v := range used {
		b.Worst = max(b.Worst, v)
	}
	if b.Capacity == 0 {
		return
	}
	share := func(v int64) (int, string) {
		return int(min(barWidth, v*barWidth/b.Capacity)), lang.decimal(fmt.Sprintf("%.1f", float64(v)*100/float64(b.Capacity)))
	}
	b.UsedPx, b.Share = share(b.Used)
	b.WorstPx, b.WorstShare = share(b.Worst)
}

// drawn is the line between two boxes.
func drawn(p catalog.Pair, there, back int, lang Language) arc {
	a, b := p.A, p.B
	if corner[a][1] > corner[b][1] || corner[a][1] == corner[b][1] && corner[a][0] > corner[b][0] {
		a, b, there, back = b, a, back, there // from north and west
	}
	from, to := corner[a], corner[b]
	out := arc{
		From: siteName(a), To: siteName(b), There: there, Back: back, Count: there + back,
		Distance: lang.decimal(p.Distance.String()), BetweenRegions: a.Region() != b.Region(),
		Width: fmt.Sprintf("%.1f", 2+2*math.Log2(float64(there+back))),
	}
	at := 0.5
	if from[1] == to[1] {
		out.X1, out.Y1, out.X2, out.Y2 = from[0]+boxWidth, from[1]+boxHeight/2, to[0], to[1]+boxHeight/2
	} else {
		// Lines to the other side leave nearer to the middle, so that none cross a box.
		inner := func(x int, other int) int { return x + boxWidth/2 + 70*sign(other-x) }
		out.X1, out.Y1, out.X2, out.Y2 = inner(from[0], to[0]), from[1]+boxHeight, inner(to[0], from[0]), to[1]
		if from[0] != to[0] {
			at = 0.27
		}
	}
	out.Label = fmt.Sprintf("%d · %s", out.Count, out.Distance)
	out.LabelW = 12 + 8*len([]rune(out.Label))
	out.LabelX = out.X1 + int(float64(out.X2-out.X1)*at)
	out.LabelY = out.Y1 + int(float64(out.Y2-out.Y1)*at)
	out.LabelBoxX, out.BoxY = out.LabelX-out.LabelW/2, out.LabelY-13
	return out
}

func sign(n int) int { return max(-1, min(1, n)) }

// pairsOf lists the arcs for the table below the drawing, nearest first.
func (m siteMap) Table() []arc {
	out := slices.Clone(m.Arcs)
	slices.SortStableFunc(out, func(a, b arc) int { return b.Count - a.Count })
	return out
}
