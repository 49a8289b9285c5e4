package audit_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/report"
)

// mixed is a plan in which n resources of another provider stand before ours,
// made while it is read.
func mixed(t testing.TB, n int) io.Reader {
	ours := newFixture(1).plan(t)
	filler := strings.Repeat("x", 900)
	pr, pw := io.Pipe()
	go func() {
		var err error
		write := func(s string) {
			if err == nil {
				_, err = io.WriteString(pw, s)
			}
		}
		write(`{"prior_state":{"values":{"root_module":{"resources":[`)
		for i := range n {
			if i > 0 {
				write(",")
			}
			write(fmt.Sprintf(`{"address":"other_thing.a[%d]","mode":"managed","type":"other_thing","index":%d,"provider_name":"registry.terraform.io/other/thing","values":{"n":%d,"list":[1,2.5,null,true],"text":%q}}`, i, i, i, filler))
		}
		write(`]}}},"variables":{},`)
		write(string(ours[1:]))
		pw.CloseWithError(err)
	}()
	return pr
}

// gauge samples the heap while it is read.
type gauge struct {
	r          io.Reader
	bytes, due int64
	peak       uint64
}

func (g *gauge) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.bytes += int64(n); g.bytes >= g.due {
		g.due = g.bytes + 8<<20
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		g.peak = max(g.peak, m.HeapInuse)
	}
	return n, err
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const limit = 64 << 20
	g := &gauge{r: mixed(t, 100_000)}
	f, err := audit.Read(g)
	if err != nil {
		t.Fatal(err)
	}
	if g.bytes < 100<<20 || f.Bytes != g.bytes {
		t.Fatalf("read %d bytes, counted %d", g.bytes, f.Bytes)
	}
	if len(f.Changes) != 8 {
		t.Errorf("%d changes", len(f.Changes))
	}
	if g.peak > limit {
		t.Errorf("heap of %d MiB for a file of %d MiB", g.peak>>20, g.bytes>>20)
	}
	t.Logf("%d MiB read with a heap of %d MiB", g.bytes>>20, g.peak>>20)
}

// BenchmarkAudit reads a plan, judges it and writes the text and the page. The
// figure that counts is cpu-s/op: all threads, garbage collection included.
func BenchmarkAudit(b *testing.B) {
	for _, each := range []int{334, 3334} {
		in := newFixture(each).plan(b)
		b.Run(fmt.Sprintf("machines=%d", 3*each), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				f, err := audit.Read(bytes.NewReader(in))
				if err != nil {
					b.Fatal(err)
				}
				r, err := audit.Evaluate(f, judged)
				if err != nil || r.Subjects.Machines != 3*each {
					b.Fatal(err, r.Subjects)
				}
				for _, format := range []report.Format{report.Text, report.HTML} {
					if err := report.Write(io.Discard, r, report.Options{Format: format, Language: report.Italian}); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

// BenchmarkBroken is the same on ten thousand machines none of which has a
// standby where it should: as many findings as machines, in every format.
func BenchmarkBroken(b *testing.B) {
	f := newFixture(3334)
	for n := 1; n <= 3334; n++ {
		f.everywhere(fmt.Sprintf("anagrafe-%d", n), "standby_site", "santo-stefano-ticino")
		f.everywhere(fmt.Sprintf("protocollo-%d", n), "standby_site", nil)
	}
	in := f.plan(b)
	before := cpu(b)
	for b.Loop() {
		f, err := audit.Read(bytes.NewReader(in))
		if err != nil {
			b.Fatal(err)
		}
		r, err := audit.Evaluate(f, judged)
		if err != nil || len(r.Findings) < 6668 {
			b.Fatal(err, len(r.Findings))
		}
		for _, format := range report.Formats() {
			if err := report.Write(io.Discard, r, report.Options{Format: format, Language: report.Italian}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
}

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
