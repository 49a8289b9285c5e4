package catalog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const province = "pnrr-1.2-province-2025"

func call(t *testing.T, id string) catalog.Call {
	t.Helper()
	c, err := catalog.CallOf(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCallsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range catalog.Calls() {
		if seen[c.ID] || c.ID == "" || c.Italian == "" || c.English == "" || c.Citation == "" || len(c.Beneficiaries) == 0 || c.Services.Min < 1 || c.KeepYears != 5 {
			t.Errorf("incomplete or repeated: %+v", c)
		}
		seen[c.ID] = true
		dates := []string{c.EarliestStart}
		for _, w := range c.Windows {
			dates = append(dates, w.Closes)
			if w.Opens != "" {
				dates = append(dates, w.Opens)
			}
		}
		for _, d := range c.Decrees {
			dates = append(dates, d.Date)
		}
		for _, f := range c.FixedEnds {
			dates = append(dates, f.End)
		}
		if c.LatestEnd != "" {
			dates = append(dates, c.LatestEnd)
		}
		for _, d := range dates {
			if _, err := catalog.ParseDate(d); err != nil {
				t.Errorf("%s: %v", c.ID, err)
			}
		}
		if _, ok := catalog.MatrixOf(c.Matrix); !ok && c.Matrix != "" {
			t.Errorf("%s: matrix %q does not exist", c.ID, c.Matrix)
		}
		for _, x := range c.Excluded {
			if _, ok := catalog.ProductOf(x.Product); !ok || x.Class.Rank() == 0 {
				t.Errorf("%s: exclusion %+v", c.ID, x)
			}
		}
		for _, s := range c.Steps {
			if (s.Days == 0) == (s.Months == 0) || s.From != "decree" && s.From != "previous" {
				t.Errorf("%s: step %+v", c.ID, s)
			}
		}
	}
	if _, err := catalog.CallOf("pnrr-9"); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), province) {
		t.Errorf("%v", err)
	}
}

// The figures published for the funded projects: 72 of 102 are five upgrades at
// 931 712 euro, and all 102 together, 51 services in mode A and 419 in mode B,
// come to 90 513 702 euro.
func TestGrantMatchesPublishedFigures(t *testing.T) {
	c := call(t, province)
	for _, tc := range []struct{ a, b, want int64 }{
		{0, 5, 931712}, {1, 0, 599266}, {0, 1, 628448}, {5, 0, 785802}, {2, 3, 873348},
	} {
		if got, err := c.GrantEuro(tc.a, tc.b); err != nil || got != tc.want {
			t.Errorf("%d A + %d B = %d, %v, want %d", tc.a, tc.b, got, err, tc.want)
		}
	}
	// Any split of 51 and 419 over 102 projects has the same sum: here four or
	// five services each, mode A first.
	var total, projects, left int64
	a, b := int64(51), int64(419)
	for projects = range int64(102) {
		left = 102 - projects
		n := (a + b + left - 1) / left
		na := min(a, n)
		got, err := c.GrantEuro(na, n-na)
		if err != nil {
			t.Fatalf("project %d: %v", projects, err)
		}
		a, b, total = a-na, b-(n-na), total+got
	}
	if a != 0 || b != 0 || total != 90513702 {
		t.Errorf("102 projects come to %d euro with %d A and %d B left, want 90513702", total, a, b)
	}
	// The amount tells the numbers: no two admissible pairs share one.
	seen := map[int64][2]int64{}
	for na := range int64(6) {
		for nb := range 6 - na {
			if na+nb == 0 {
				continue
			}
			v, err := c.GrantEuro(na, nb)
			if other, twice := seen[v]; err != nil || twice {
				t.Errorf("%d A %d B: %d euro, as %v, %v", na, nb, v, other, err)
			}
			seen[v] = [2]int64{na, nb}
		}
	}
}

func TestGrantRefuses(t *testing.T) {
	c := call(t, province)
	for _, tc := range []struct {
		a, b int64
		say  string
	}{{0, 0, "1 to 5"}, {3, 3, "6 services"}, {-1, 2, "transfers is -1"}, {1, -2, "upgrades is -2"}, {1 << 62, 1 << 62, "5 services at most"}} {
		if _, err := c.GrantEuro(tc.a, tc.b); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.say) {
			t.Errorf("%d, %d: %v must say %q", tc.a, tc.b, err, tc.say)
		}
	}
	if _, err := call(t, "pnrr-1.1-altre-pac-2023").GrantEuro(1, 0); !psn.Is(err, psn.Unsupported) {
		t.Errorf("1.1 has no formula: %v", err)
	}
}

// The two decrees of 2025: the first ends by its own terms, the second is
// caught by the cap of 31 March 2026.
func TestDeadlines(t *testing.T) {
	for _, tc := range []struct {
		call, decree string
		grant        int64
		end          catalog.Date
		uncapped     catalog.Date
	}{
		{province, "2025-06-23", 0, "2026-03-20", "2026-03-20"},
		{province, "2025-07-21", 0, "2026-03-31", "2026-04-17"},
		{"pnrr-1.1-altre-pac-2023", "2024-01-15", 1500000, "2024-07-15", "2024-07-15"},
		{"pnrr-1.1-altre-pac-2023", "2024-01-15", 1500001, "2025-04-15", "2025-04-15"},
		{"pnrr-1.1-altre-pac-2023", "2023-12-31", 1500000, "2024-06-30", "2024-06-30"},
		{"pnrr-1.1-altre-pac-2023", "2023-08-31", 1500001, "2024-11-30", "2024-11-30"},
		{"pnrr-1.1-pac-pilota", "2023-06-01", 2500000, "2024-07-31", "2024-07-31"},
		{"pnrr-1.1-pac-pilota", "2023-06-01", 2500001, "2025-01-31", "2025-01-31"},
		{"pnrr-1.1-pac-pilota", "2023-06-01", 10000001, "2025-06-30", "2025-06-30"},
	} {
		got, err := call(t, tc.call).Deadline(catalog.Date(tc.decree), tc.grant)
		if err != nil || got.End != tc.end || got.Uncapped != tc.uncapped || got.Capped != (tc.end != tc.uncapped) {
			t.Errorf("%s, decree %s, %d euro: %+v, %v, want %s (%s)", tc.call, tc.decree, tc.grant, got, err, tc.end, tc.uncapped)
		}
	}
	for id, say := range map[string]string{"pnrr-1.1-altre-pac-2024": "amount of the grant", "pnrr-1.1-pac-pilota": "amount of the grant", "pnrr-1.1-asl-ao-2023": "no deadline"} {
		if _, err := call(t, id).Deadline("2024-01-15", 0); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%s: %v must say %q", id, err, say)
		}
	}
	for _, tc := range []struct {
		call, decree string
		grant        int64
		end          string
	}{{province, "2031-01-01", 0, "2026-03-31"}, {province, "2026-04-01", 0, "2026-03-31"}, {"pnrr-1.1-pac-pilota", "2024-08-01", 2500000, "2024-07-31"}} {
		c := call(t, tc.call)
		d, err := c.Deadline(catalog.Date(tc.decree), tc.grant)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckDecree(catalog.Date(tc.decree), d); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "the date of the decree is "+tc.decree) || !strings.Contains(err.Error(), "end by "+tc.end+": give the date") {
			t.Errorf("%s, decree %s: %v", tc.call, tc.decree, err)
		}
	}
	if got, err := call(t, province).Deadline("2026-03-31", 0); err != nil || got.End != "2026-03-31" || call(t, province).CheckDecree("2026-03-31", got) != nil {
		t.Errorf("a decree of the last day: %+v, %v", got, err)
	}
	for _, tc := range []struct{ call, decree, say string }{
		{province, "2019-05-01", "before the first decree of call"}, {province, "2025-06-22", "2025-06-23"},
		{"pnrr-1.1-altre-pac-2023", "2023-07-02", "before the opening of call"}, {"pnrr-1.1-pac-pilota", "2022-12-31", "before the earliest start of call"},
	} {
		c := call(t, tc.call)
		d, err := c.Deadline(catalog.Date(tc.decree), 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckDecree(catalog.Date(tc.decree), d); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.say) {
			t.Errorf("%s, decree %s: %v must say %q", tc.call, tc.decree, err, tc.say)
		}
	}
	if d, err := call(t, "pnrr-1.1-altre-pac-2023").Deadline("2023-08-31", 2000000); err != nil || d.Steps[0].End != "2023-11-30" {
		t.Errorf("contract by %+v, %v", d.Steps, err)
	}
	if got := call(t, province).KeepUntil("2026-05-04"); got != "2031-12-31" {
		t.Errorf("kept until %s", got)
	}
}

func TestStates(t *testing.T) {
	for _, tc := range []struct {
		call string
		day  catalog.Date
		want catalog.State
	}{
		{province, "2025-05-01", catalog.NotKnown}, {province, "2025-06-13", catalog.NotKnown}, {province, "2025-06-14", catalog.Closed},
		{"pnrr-1.1-altre-pac-2023", "2023-07-02", catalog.Closed}, {"pnrr-1.1-altre-pac-2023", "2023-07-03", catalog.Open}, {"pnrr-1.1-altre-pac-2023", "2023-12-01", catalog.Closed},
		{"pnrr-1.1-pac-pilota", "2023-12-01", catalog.NotKnown},
	} {
		if got := call(t, tc.call).StateOn(tc.day); got != tc.want {
			t.Errorf("%s on %s: %s, want %s", tc.call, tc.day, got, tc.want)
		}
	}
	var open []string
	for _, c := range catalog.CallsOn("1.1", "2023-07-10", catalog.Open) {
		open = append(open, c.ID)
	}
	if diff := cmp.Diff([]string{"pnrr-1.1-altre-pac-2023", "pnrr-1.1-asl-ao-2023"}, open); diff != "" {
		t.Error(diff)
	}
}

func TestMatrices(t *testing.T) {
	for _, m := range catalog.Matrices() {
		used := map[string]bool{}
		for _, o := range m.Origins {
			for _, d := range m.Destinations {
				v, err := m.Move(o, d)
				fits := (v.Mode != "") == (v.Outcome == catalog.Admissible || v.Outcome == catalog.Conditional) && (v.Since != "") == (v.Outcome == catalog.Conditional)
				if err != nil || v.English == "" || v.Italian == "" || !fits {
					t.Errorf("%s to %s: %+v, %v", o, d, v, err)
				}
				used[m.Cells[o][d]] = true
			}
		}
		if len(m.Cells) != len(m.Origins) || len(used) != len(m.Verdicts) {
			t.Errorf("%s has rows or verdicts that nothing uses", m.ID)
		}
	}
	if _, ok := catalog.MatrixOf("none"); ok {
		t.Error("MatrixOf knows a matrix that does not exist")
	}
}

func TestDates(t *testing.T) {
	for _, bad := range []string{"", "2025-02-30", "23/06/2025", "1899-12-31", "2200-01-01", "2025-6-1", "2025-06-23T00:00:00Z"} {
		if _, err := catalog.ParseDate(bad); !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	d := catalog.Date("2025-06-23")
	if d.Plus(0, 270) != "2026-03-20" || d.Plus(36, 0) != "2028-06-23" || d.DaysTo("2025-07-03") != 10 || d.DaysTo("2025-06-22") != -1 || d.Year() != 2025 {
		t.Error("arithmetic on dates is wrong")
	}
	for _, tc := range []struct {
		from         catalog.Date
		months, days int64
		want         catalog.Date
	}{
		{"2023-12-31", 6, 0, "2024-06-30"}, {"2023-11-30", 3, 0, "2024-02-29"}, {"2024-02-29", 12, 0, "2025-02-28"}, {"2024-02-29", 48, 0, "2028-02-29"},
		{"2023-08-31", 15, 0, "2024-11-30"}, {"2023-08-31", 3, 1, "2023-12-01"}, {"2024-03-31", -1, 0, "2024-02-29"}, {"2024-01-31", 0, 31, "2024-03-02"}, {"2023-12-31", 14, 0, "2025-02-28"},
	} {
		if got := tc.from.Plus(tc.months, tc.days); got != tc.want {
			t.Errorf("%s and %d months, %d days: %s, want %s", tc.from, tc.months, tc.days, got, tc.want)
		}
	}
	if got := catalog.DateOf(time.Date(2025, 1, 1, 0, 30, 0, 0, time.FixedZone("x", 3600))); got != "2024-12-31" {
		t.Errorf("day in UTC: %s", got)
	}
}

func TestLists(t *testing.T) {
	if len(catalog.Products()) != 11 {
		t.Errorf("%d products", len(catalog.Products()))
	}
	if _, ok := catalog.ProductOf(catalog.SecurePublicCloud); !ok {
		t.Error("the constant names no product")
	}
	if len(catalog.AttestationColumns("vm")) != 5 || len(catalog.AttestationColumns("physical")) != 4 || catalog.AttestationColumns("container") != nil {
		t.Error("attestation columns are wrong")
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2025-06-23", "0000-00-00", "2024-02-29"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := catalog.ParseDate(s); err == nil && (d.Plus(0, 0) != d || d.DaysTo(d.Plus(0, 1)) != 1) {
			t.Errorf("%q parses but does not compute", s)
		}
	})
}
