package report_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// TestContrast computes WCAG 2.1 contrast of every pair of colours that text and
// its ground have, in light, dark and print: 4.5 to 1 at least (1.4.3), 3 to 1
// for lines and bars (1.4.11).
func TestContrast(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("page.css")
	if err != nil {
		t.Fatal(err)
	}
	roots := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllSubmatch(css, -1)
	if len(roots) != 3 {
		t.Fatalf("%d palettes, want light, dark and print", len(roots))
	}
	for i, name := range []string{"light", "dark", "print"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6})`).FindAllSubmatch(roots[i][1], -1) {
			colours[string(m[1])] = string(m[2])
		}
		for _, pair := range []struct {
			text, ground string
			least        float64
		}{
			{"text", "bg", 7}, {"text", "soft", 4.5}, {"text", "blue-bg", 4.5}, {"muted", "bg", 4.5}, {"muted", "soft", 4.5},
			{"accent", "bg", 4.5}, {"accent", "blue-bg", 4.5}, {"bg", "accent", 4.5},
			{"red", "red-bg", 4.5}, {"red", "soft", 4.5}, {"red", "bg", 4.5}, {"amber", "amber-bg", 4.5}, {"amber", "soft", 4.5},
			{"green", "green-bg", 4.5}, {"green", "soft", 4.5}, {"violet", "violet-bg", 4.5}, {"violet", "soft", 4.5},
			{"accent", "line", 3}, {"worst", "bg", 3},
		} {
			if colours[pair.text] == "" || colours[pair.ground] == "" {
				t.Errorf("%s: no colour %s or %s", name, pair.text, pair.ground)
				continue
			}
			if c := contrast(t, colours[pair.text], colours[pair.ground]); c < pair.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", name, pair.text, pair.ground, c, pair.least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
