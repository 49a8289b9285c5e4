package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit/report"
)

// browser is a headless Chromium with a profile of its own and no network.
type browser struct {
	path, dir string
}

// newBrowser finds Chromium. In continuous integration it has to be there.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return &browser{path, t.TempDir()}
		}
	}
	missing(t, "no chromium in PATH (apt-get install chromium, or set CHROMIUM)")
	return nil
}

// missing fails in continuous integration and says elsewhere why nothing ran.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func (b *browser) run(t *testing.T, page string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--hide-scrollbars", "--user-data-dir=" + filepath.Join(b.dir, "profile"),
	}, args...)
	var out, log bytes.Buffer
	c := exec.CommandContext(ctx, b.path, append(args, "file://"+page)...)
	c.Stdout, c.Stderr, c.WaitDelay = &out, &log, 5*time.Second
	if err := c.Run(); err != nil {
		t.Fatalf("chromium: %v\n%.2000s", err, log.String())
	}
	return out.Bytes()
}

// page writes a file for the browser and returns its path.
func (b *browser) page(t *testing.T, name string, html []byte) string {
	t.Helper()
	path := filepath.Join(b.dir, name+".html")
	if err := os.WriteFile(path, html, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// probe is what a script finds in the page as the browser laid it out.
const probe = `
const out = {overflow: [], external: [], headings: [], untitled: [], clipped: []};
const width = document.documentElement.clientWidth;
for (const e of document.querySelectorAll('body *')) {
  const r = e.getBoundingClientRect();
  if (!e.closest('.scroll') && !e.closest('svg') && !e.closest('.skip') && r.right > width + 1) out.overflow.push(e.tagName + ' ' + e.textContent.slice(0, 40));
}
for (const e of document.querySelectorAll('[src],[href]')) {
  const v = e.getAttribute('src') || e.getAttribute('href');
  if (!v.startsWith('#')) out.external.push(v);
}
for (const e of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) out.headings.push(+e.tagName[1]);
for (const e of document.querySelectorAll('table')) {
  if (!e.caption || [...e.querySelectorAll('th')].some(h => !h.scope)) out.untitled.push(e.textContent.slice(0, 40));
}
for (const e of document.querySelectorAll('svg text')) {
  const r = e.getBBox(), box = e.closest('g')?.closest('svg g g') && e.closest('g').parentNode.querySelector('rect.site');
  if (box && r.width > 268 - 20) out.clipped.push(e.textContent);
}
out.background = getComputedStyle(document.body).backgroundColor;
out.lang = document.documentElement.lang;
out.h1 = document.querySelectorAll('h1').length;
out.resources = performance.getEntriesByType('resource').map(e => e.name);
`

// instrumented adds scripts to a page, which by itself forbids any.
func instrumented(t *testing.T, html []byte, script string) []byte {
	t.Helper()
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
	if !policy.Match(html) {
		t.Fatal("the page does not forbid scripts and resources")
	}
	html = policy.ReplaceAll(html, nil)
	return bytes.Replace(html, []byte("</body>"), []byte("<script>"+script+"</script></body>"), 1)
}

// answer reads what a script left in the page.
func answer(t *testing.T, dom []byte, into any) {
	t.Helper()
	m := regexp.MustCompile(`(?s)<pre id="answer">(.*?)</pre>`).FindSubmatch(dom)
	if m == nil {
		t.Fatalf("the script left no answer: %.500s", dom)
	}
	text := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", `"`).Replace(string(m[1]))
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

const leave = `const pre = document.createElement('pre'); pre.id = 'answer'; pre.textContent = JSON.stringify(%s); document.body.append(pre);`

func TestPageInBrowser(t *testing.T) {
	b := newBrowser(t)
	for _, name := range names() {
		r := evaluate(t, example(t, name))
		html := written(t, r, report.HTML, report.Italian)
		page := b.page(t, name, instrumented(t, html, probe+fmt.Sprintf(leave, "out")))
		for _, width := range []int{1100, 390} {
			dom := b.run(t, page, "--dump-dom", "--window-size="+strconv.Itoa(width)+",1000")
			var found struct {
				Overflow, External, Untitled, Clipped, Resources []string
				Headings                                         []int
				Background, Lang                                 string
				H1                                               int
			}
			answer(t, dom, &found)
			if len(found.Overflow)+len(found.External)+len(found.Untitled)+len(found.Clipped)+len(found.Resources) > 0 {
				t.Errorf("%s at %d px: %+v", name, width, found)
			}
			if found.H1 != 1 || found.Lang != "it" || len(found.Headings) < 8 {
				t.Errorf("%s: %+v", name, found)
			}
			for i := 1; i < len(found.Headings); i++ {
				if found.Headings[i] > found.Headings[i-1]+1 {
					t.Errorf("%s: heading %d is of level %d after %d", name, i, found.Headings[i], found.Headings[i-1])
				}
			}
			for _, want := range []string{"Provincia di Brescia", "p_bs", r.Document.Digest, "Santo Stefano Ticino", "conservazione"} {
				if !strings.Contains(string(dom), want) {
					t.Errorf("%s: the page does not show %q", name, want)
				}
			}
			if name == "broken" && !strings.Contains(string(dom), "non superate") || name == "unknowns" && !strings.Contains(string(dom), "non decidibile al piano") {
				t.Errorf("%s: the verdict is not shown", name)
			}
		}
	}
}

func TestPagePrints(t *testing.T) {
	b := newBrowser(t)
	if _, err := exec.LookPath("pdfinfo"); err != nil {
		missing(t, "no pdfinfo in PATH (apt-get install poppler-utils)")
	}
	// A demanding reader prints it: few pages, A4, nothing cut off at the right.
	for name, most := range map[string]int{"clean": 8, "broken": 10, "derogated": 10, "unknowns": 12} {
		page := b.page(t, name, written(t, evaluate(t, example(t, name)), report.HTML, report.Italian))
		pdf := filepath.Join(b.dir, name+".pdf")
		b.run(t, page, "--no-pdf-header-footer", "--print-to-pdf="+pdf)
		info, err := exec.CommandContext(t.Context(), "pdfinfo", pdf).Output()
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(`Pages:\s+(\d+)`).FindSubmatch(info)
		if m == nil || !strings.Contains(string(info), "(A4)") {
			t.Fatalf("%s: %s", name, info)
		}
		pages, _ := strconv.Atoi(string(m[1]))
		if pages < 3 || pages > most {
			t.Errorf("%s: %d pages, want 3 to %d", name, pages, most)
		}
		text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", pdf, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Relazione di verifica della resilienza", "Piattaforma", "Redatto da"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: the print does not show %q", name, want)
			}
		}
		if !regexp.MustCompile(fmt.Sprintf(`%d\s*/\s*%d`, pages, pages)).Match(text) {
			t.Errorf("%s: pages are not numbered", name)
		}
		t.Logf("%s: %d pages", name, pages)
	}
}

// TestPageIsAccessible runs axe-core, whose file AXE_CORE names or bin/ holds.
func TestPageIsAccessible(t *testing.T) {
	b := newBrowser(t)
	axe, err := os.ReadFile(axePath())
	if err != nil {
		missing(t, "no axe-core: set AXE_CORE to the axe.min.js of the npm package axe-core, or put it in bin/")
	}
	for _, c := range []struct {
		name string
		lang report.Language
		dark bool
	}{{"broken", report.Italian, false}, {"broken", report.English, true}, {"unknowns", report.Italian, true}, {"derogated", report.English, false}} {
		html := written(t, evaluate(t, example(t, c.name)), report.HTML, c.lang)
		script := string(axe) + `; axe.run(document, {resultTypes: ['violations']}).then(r => {` +
			`const brief = l => l.map(v => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + (n.any[0]?.message || '')).join(' | '));` +
			fmt.Sprintf(leave, "{violations: brief(r.violations), passes: r.passes.length}") + `})`
		page := b.page(t, c.name, instrumented(t, html, script))
		scheme := map[bool]string{false: "1", true: "0"}[c.dark]
		var found struct {
			Violations []string
			Passes     int
		}
		answer(t, b.run(t, page, "--dump-dom", "--virtual-time-budget=20000", "--window-size=1100,1000", "--blink-settings=preferredColorScheme="+scheme), &found)
		if len(found.Violations) > 0 || found.Passes < 10 {
			t.Errorf("%+v: %d rules passed\n%s", c, found.Passes, strings.Join(found.Violations, "\n"))
		}
	}
}

func axePath() string {
	if path := os.Getenv("AXE_CORE"); path != "" {
		return path
	}
	return filepath.Join("..", "..", "..", "bin", "axe.min.js")
}
