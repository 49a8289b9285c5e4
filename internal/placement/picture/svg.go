package picture

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The drawing, in user units: A4 landscape proportions.
const (
	width, height = 1120, 792
	cardW, cardH  = 330, 212
)

// Colours with a contrast of at least 4.5 on white where they carry text, and
// distinct in grey.
const (
	ink, soft, line = "#1a1a1a", "#555555", "#b8b8b8"
	inUse, kept     = "#0b5cad", "#8fb8de"
	arcColour       = "#7a3b00"
)

var names = map[psn.Site]string{psn.Acilia: "Acilia", psn.Pomezia: "Pomezia", psn.Rozzano: "Rozzano", psn.SantoStefanoTicino: "Santo Stefano Ticino"}

// Sites of a region side by side, Lombardia in the north.
var corners = map[psn.Site][2]int{psn.Rozzano: {60, 118}, psn.SantoStefanoTicino: {730, 118}, psn.Acilia: {60, 512}, psn.Pomezia: {730, 512}}

// Write draws a placement as SVG.
func Write(w io.Writer, req placement.Request, res placement.Result) error {
	d := &drawing{}
	d.head(req, res)
	arcs := Arcs(res)
	most := 1
	for _, a := range arcs {
		most = max(most, a.Machines)
	}
	for _, a := range arcs {
		d.arrow(a, most)
	}
	for _, a := range arcs { // over all arrows
		d.count(a)
	}
	for _, l := range Loads(req, res) {
		d.card(l)
	}
	if res.Verdict != placement.Placed {
		d.reasons(res.Explanation)
	}
	d.legend()
	d.b.WriteString("</svg>\n")
	_, err := io.WriteString(w, d.b.String())
	return err
}

type drawing struct{ b strings.Builder }

func (d *drawing) f(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }

func (d *drawing) text(x, y, size int, style, anchor, s string) {
	d.f(`<text x="%d" y="%d" font-size="%d" text-anchor="%s" %s>%s</text>`, x, y, size, anchor, style, html.EscapeString(s))
}

func (d *drawing) head(req placement.Request, res placement.Result) {
	title := fmt.Sprintf("Placement of %s: %s", req.Tenant, res.Verdict)
	d.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc" font-family="'Titillium Web',Helvetica,Arial,sans-serif" fill="%s">`, width, height, ink)
	d.f(`<title id="title">%s</title>`, html.EscapeString(title))
	d.f(`<desc id="desc">%s</desc>`, html.EscapeString(describe(req, res)))
	d.f(`<defs><marker id="tip" viewBox="0 0 10 10" refX="0" refY="5" markerWidth="%d" markerHeight="%d" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 10 5 0 10z" fill="%s"/></marker></defs>`, tip, tip, arcColour)
	d.f(`<rect width="%d" height="%d" fill="#ffffff"/>`, width, height)
	d.text(60, 44, 24, `font-weight="600"`, "start", title)
	what := fmt.Sprintf("%d machines", len(res.Assignments))
	if res.Verdict != placement.Placed {
		what = "no machine is placed; the bars show what others hold"
	}
	d.text(60, 68, 14, `fill="`+soft+`"`, "start", what)
	for _, r := range []struct {
		name string
		y    int
	}{{"Lombardia", 86}, {"Lazio", 480}} {
		d.f(`<rect x="30" y="%d" width="%d" height="258" rx="10" fill="none" stroke="%s" stroke-dasharray="6 5"/>`, r.y, width-60, line)
		d.text(width/2, r.y+22, 15, `font-weight="600" fill="`+soft+`"`, "middle", r.name)
	}
}

// describe says the picture in words.
func describe(req placement.Request, res placement.Result) string {
	var parts []string
	for _, l := range Loads(req, res) {
		parts = append(parts, fmt.Sprintf("%s: %d machines, %d standbys, %d%% of vCPU and %d%% of RAM in use", names[l.Site], l.Machines, l.Standbys, percent(l.InUse.VCPUs, l.Capacity.VCPUs), percent(l.InUse.MemoryMiB, l.Capacity.MemoryMiB)))
	}
	for _, a := range Arcs(res) {
		parts = append(parts, fmt.Sprintf("%s stands by for %d machines of %s", names[a.To], a.Machines, names[a.From]))
	}
	return strings.Join(parts, "; ")
}

func percent(part, all int64) int64 {
	if all <= 0 {
		return 0
	}
	return (part*100 + all/2) / all
}

func (d *drawing) card(l Load) {
	x, y := corners[l.Site][0], corners[l.Site][1]
	d.f(`<rect x="%d" y="%d" width="%d" height="%d" rx="8" fill="#ffffff" stroke="%s" stroke-width="1.5"/>`, x, y, cardW, cardH, ink)
	d.text(x+16, y+30, 19, `font-weight="600"`, "start", names[l.Site])
	d.text(x+16, y+52, 14, `fill="`+soft+`"`, "start", fmt.Sprintf("%d machines, %d standbys", l.Machines, l.Standbys))
	for i, p := range l.Unread {
		d.text(x+cardW-16, y+30+18*i, 13, `fill="#a11212"`, "end", string(p)+" not read")
	}
	for i, r := range []struct {
		name               string
		use, reserve, have int64
		unit               string
	}{
		{"vCPU", l.InUse.VCPUs, l.Reserve.VCPUs, l.Capacity.VCPUs, ""},
		{"RAM", l.InUse.MemoryMiB / 1024, l.Reserve.MemoryMiB / 1024, l.Capacity.MemoryMiB / 1024, " GiB"},
		{"Storage", l.InUse.StorageMiB / 1024, l.Reserve.StorageMiB / 1024, l.Capacity.StorageMiB / 1024, " GiB"},
	} {
		const barW = cardW - 32
		by := y + 70 + 46*i
		d.text(x+16, by+13, 14, "", "start", r.name)
		label := fmt.Sprintf("%d%% in use", percent(r.use, r.have))
		if r.reserve > 0 {
			label += fmt.Sprintf(", %d%% kept", percent(r.reserve, r.have))
		}
		d.text(x+16+barW, by+13, 13, `fill="`+soft+`"`, "end", fmt.Sprintf("%s, of %d%s", label, r.have, r.unit))
		use := min(barW*percent(r.use, r.have)/100, barW)
		reserve := min(barW*percent(r.reserve, r.have)/100, barW-use)
		d.f(`<rect x="%d" y="%d" width="%d" height="14" fill="#f0f0f0" stroke="%s"/>`, x+16, by+20, barW, line)
		d.f(`<rect x="%d" y="%d" width="%d" height="14" fill="%s"/>`, x+16, by+20, use, inUse)
		d.f(`<rect x="%d" y="%d" width="%d" height="14" fill="%s"/>`, x+16+int(use), by+20, reserve, kept)
	}
}

const tip = 14 // length of an arrow's head

// ends are those of the arrow from a site to the one that stands by for it; the
// two ways between a pair of sites run side by side.
func (a Arc) ends() (x1, y1, x2, y2 int) {
	from, to := corners[a.From], corners[a.To]
	east, south := from[0] < to[0], from[1] < to[1]
	switch {
	case from[1] == to[1]: // in one region: through the gap between the cards
		if x1, x2, y1 = from[0]+cardW, to[0], from[1]+94; !east {
			x1, x2, y1 = from[0], to[0]+cardW, from[1]+146
		}
		return x1, y1, x2, y1
	case from[0] == to[0]: // north or south
		x1 = from[0] + 100
		if !south {
			x1 += 110
		}
		x2 = x1
	default: // across
		const near, far = 20, 56 // from the inner edge of a card
		in, out := near, far+14
		if !south {
			in, out = far-22, near+36
		}
		if x1, x2 = from[0]+cardW-in, to[0]+out; !east {
			x1, x2 = from[0]+in, to[0]+cardW-out
		}
	}
	if y1, y2 = from[1]+cardH, to[1]; !south {
		y1, y2 = from[1], to[1]+cardH
	}
	return x1, y1, x2, y2
}

// arrow draws an arrow, the thicker the more machines; most is the largest number.
func (d *drawing) arrow(a Arc, most int) {
	x1, y1, x2, y2 := a.ends()
	length := math.Hypot(float64(x2-x1), float64(y2-y1))
	short := func(from, to int) int { return to - int(math.Round(float64(to-from)*tip/length)) }
	tenths := 15 + 45*a.Machines/most
	d.f(`<path d="M%d %dL%d %d" fill="none" stroke="%s" stroke-width="%d.%d" marker-end="url(#tip)"/>`, x1, y1, short(x1, x2), short(y1, y2), arcColour, tenths/10, tenths%10)
}

// count writes the number of machines a quarter of the way along their arrow.
func (d *drawing) count(a Arc) {
	x1, y1, x2, y2 := a.ends()
	x, y := (3*x1+x2)/4, (3*y1+y2)/4+5
	label := fmt.Sprint(a.Machines)
	w := 12 + 9*len(label)
	d.f(`<rect x="%d" y="%d" width="%d" height="20" rx="4" fill="#ffffff" stroke="%s"/>`, x-w/2, y-15, w, arcColour)
	d.text(x, y, 14, `font-weight="600" fill="`+arcColour+`"`, "middle", label)
}

// reasons writes between the regions why nothing is placed.
func (d *drawing) reasons(sentences []string) {
	const wide, lines = 150, 6 // letters and lines that have room
	var all []string
	for i, s := range sentences {
		if i > 0 {
			s = "– " + s
		}
		all = append(all, wrap(s, wide)...)
	}
	if len(all) > lines {
		all = append(all[:lines-1], "…")
	}
	y := 412 - 20*len(all)/2 + 14
	for _, s := range all {
		d.text(60, y, 13, "", "start", s)
		y += 20
	}
}

// wrap breaks a text between words into lines of at most n letters, a longer
// word apart.
func wrap(s string, n int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= n:
			line += " " + word
		default:
			out = append(out, line)
			line = "   " + word
		}
	}
	return append(out, line)
}

func (d *drawing) legend() {
	y := height - 26
	d.f(`<rect x="60" y="%d" width="22" height="13" fill="%s"/>`, y-11, inUse)
	d.text(90, y, 13, "", "start", "in use every day")
	d.f(`<rect x="220" y="%d" width="22" height="13" fill="%s"/>`, y-11, kept)
	d.text(250, y, 13, "", "start", "kept for the worst loss of another site")
	d.f(`<path d="M520 %dL546 %d" stroke="%s" stroke-width="3" marker-end="url(#tip)"/>`, y-4, y-4, arcColour)
	d.text(570, y, 13, "", "start", "machines, to the site where their standby is")
}
