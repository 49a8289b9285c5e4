package cli

import (
	"strings"
	"testing"
	"time"
)

func TestSizeFlag(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{"1B": 1, "4KiB": 4096, "64MiB": 64 << 20, "2 GiB": 2 << 30, "1TiB": 1 << 40} {
		var got int64
		if err := (size{bytes: &got}).Set(in); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	var rate int64
	if err := (size{bytes: &rate, perSecond: true}).Set("64MiB/s"); err != nil || rate != 64<<20 {
		t.Errorf("rate %d, %v", rate, err)
	}
	for _, in := range []string{"", "64", "64MB", "-1MiB", "0MiB", "1.5GiB", "MiB", "99999999999TiB", "9223372036854775808B", "64MiB/s"} {
		got := int64(7)
		err := size{bytes: &got}.Set(in)
		if err == nil || !strings.Contains(err.Error(), "for example 64MiB") || got != 7 {
			t.Errorf("%q: got %d, error %v", in, got, err)
		}
	}
}

func TestDurationFlag(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{"15m": 15 * time.Minute, "1d": 24 * time.Hour, "1h30m": 90 * time.Minute} {
		var got time.Duration
		if err := (duration{&got}).Set(in); err != nil || got != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "15", "-1m", "0s", "d", "1.5d", "99999d", "a day"} {
		var got time.Duration
		if err := (duration{&got}).Set(in); err == nil || got != 0 {
			t.Errorf("%q was accepted as %v", in, got)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0B", 1023: "1023B", 1024: "1KiB", 1536: "1.5KiB", 256 << 20: "256MiB", 5 << 40: "5TiB", 5000 << 40: "5000TiB"} {
		if got := formatBytes(n); got != want {
			t.Errorf("formatBytes(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{15 * time.Minute: "15m", 4 * time.Hour: "4h", 90 * time.Minute: "1h30m", 30 * time.Second: "30s", 1550 * time.Millisecond: "1.6s"} {
		if got := formatDuration(d); got != want {
			t.Errorf("formatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}
