package cli

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// units are the suffixes of sizes. Decimal ones are refused rather than guessed:
// "MB" means 1000000 to some and 1048576 to others.
var units = []struct {
	suffix string
	bytes  int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1},
}

// size is a number of bytes as a flag: "64MiB", and "64MiB/s" where perSecond.
type size struct {
	bytes     *int64
	perSecond bool
}

func (s size) Type() string { return map[bool]string{true: "rate", false: "size"}[s.perSecond] }

func (s size) String() string {
	if s.bytes == nil || *s.bytes == 0 {
		return ""
	}
	tail := ""
	if s.perSecond {
		tail = "/s"
	}
	return formatBytes(*s.bytes) + tail
}

func (s size) Set(v string) error {
	text, example := v, "64MiB"
	if s.perSecond {
		example = "64MiB/s"
		text = strings.TrimSuffix(v, "/s")
	}
	bad := func() error {
		return psn.Errorf(psn.InvalidInput, "%q is not a positive %s: write a whole number and one of B, KiB, MiB, GiB, TiB, for example %s", v, s.Type(), example)
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/u.bytes {
			return bad()
		}
		*s.bytes = n * u.bytes
		return nil
	}
	return bad()
}

// formatBytes prints n with the largest unit that keeps one decimal exact enough
// to read: "1.5 GiB".
func formatBytes(n int64) string {
	const step = 1024
	value, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < step {
			break
		}
		value, unit = value/step, next
	}
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0") + unit
}

// duration is a positive duration as a flag, "15m" or "1d".
type duration struct{ d *time.Duration }

func (duration) Type() string { return "duration" }

func (d duration) String() string {
	if d.d == nil || *d.d == 0 {
		return ""
	}
	return formatDuration(*d.d)
}

func (d duration) Set(v string) error {
	const day = 24 * time.Hour
	got, err := time.ParseDuration(v)
	if days, ok := strings.CutSuffix(v, "d"); ok && err != nil {
		var n int64
		n, err = strconv.ParseInt(days, 10, 32)
		got = time.Duration(n) * day
	}
	if err != nil || got <= 0 || got > 10*365*day {
		return psn.Errorf(psn.InvalidInput, "%q is not a positive duration: write a number and one of s, m, h, d, for example 15m", v)
	}
	*d.d = got
	return nil
}

// formatDuration prints d without zero units: "15m", not "15m0s".
func formatDuration(d time.Duration) string {
	s := d.Round(time.Second / 10).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
