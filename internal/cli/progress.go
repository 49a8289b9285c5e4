package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// plainEvery is how far apart progress lines are where there is no terminal.
const plainEvery = 5 * time.Second

// progress shows where a long operation stands: one line rewritten in place on
// a terminal; elsewhere a line now and then, and always when the step changes.
// The same line is not printed twice in a row.
type progress struct {
	w     io.Writer
	now   func() time.Time
	width int // 0 when w is not a terminal

	step  string
	line  string // last printed
	last  time.Time
	drawn bool
}

func newProgress(w io.Writer, now func() time.Time) *progress {
	p := &progress{w: w, now: now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.width = 80
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			p.width = width
		}
	}
	return p
}

// show prints detail for a step.
func (p *progress) show(step, detail string) {
	line := step
	if detail != "" {
		line += "  " + detail
	}
	if p.width > 0 {
		if r := []rune(line); len(r) >= p.width {
			line = string(r[:p.width-1])
		}
		fmt.Fprint(p.w, "\r\x1b[K"+line)
		p.drawn = true
		return
	}
	if line == p.line || step == p.step && p.now().Sub(p.last) < plainEvery {
		return
	}
	p.step, p.line, p.last = step, line, p.now()
	fmt.Fprintln(p.w, strings.TrimRight(line, " "))
}

// done leaves the cursor on a fresh line.
func (p *progress) done() {
	if p.drawn {
		fmt.Fprintln(p.w)
		p.drawn = false
	}
}
