//go:build linux

package blockcopy_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/transport/localdisk"
)

// benchSize is the size of the benchmark's disk in bytes: 1 GiB, or
// PSN_BENCH_MIB MiB.
func benchSize(b *testing.B) int64 {
	v := os.Getenv("PSN_BENCH_MIB")
	if v == "" {
		return 1 << 30
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 1 {
		b.Fatalf("PSN_BENCH_MIB=%q is not a number of MiB", v)
	}
	return n << 20
}

// benchDisk makes a disk of 40 % zeros (holes), 30 % random bytes and 30 %
// text, in runs of 1 to 16 MiB, and returns its allocated areas.
func benchDisk(b *testing.B, path string, size int64) (allocated []blockcopy.Extent) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(40, 30))
	words := []byte("il servizio del protocollo informatico registra in arrivo e in partenza ogni documento con numero e data ")
	buf := make([]byte, 16<<20)
	for off := int64(0); off < size; {
		n := min((1+rng.Int64N(16))<<20, size-off)
		switch k := rng.IntN(10); {
		case k < 4: // a hole
			off += n
			continue
		case k < 7:
			for i := 0; i < int(n); i += 8 {
				binary.LittleEndian.PutUint64(buf[i:], rng.Uint64())
			}
		default:
			for i := 0; i < int(n); i += copy(buf[i:n], words) {
			}
		}
		if _, err := f.WriteAt(buf[:n], off); err != nil {
			b.Fatal(err)
		}
		allocated = append(allocated, blockcopy.Extent{Start: off, Length: n})
		off += n
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	return allocated
}

// usage is the CPU time of this process and the children it waited for.
func usage() (s time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err != nil {
			panic(err)
		}
		s += time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	return s
}

type measured struct {
	wall, cpu time.Duration
	bytes     int64
}

func (m *measured) add(size int64, f func()) {
	cpu, start := usage(), time.Now()
	f()
	m.wall += time.Since(start)
	m.cpu += usage() - cpu
	m.bytes += size
}

func (m measured) rate() float64 { return float64(m.bytes) / 1e6 / m.wall.Seconds() }

func (m measured) cpuPerGiB() float64 { return m.cpu.Seconds() / (float64(m.bytes) / (1 << 30)) }

// BenchmarkSeed1GiB seeds a disk with SHA-256 of every block, ledger and
// manifest, beside a plain copy of the same file on the same disk in the same
// run: io.Copy with fsync, and cp with fsync. The plain copies have neither
// hash nor resume. "x_iocopy" and "x_cp" are how many times faster (above 1)
// or slower the seed is.
//
// Rates are of the disk's size, holes included, in MB (10^6 bytes) per second;
// "extents" says whether the seed was told what is allocated.
func BenchmarkSeed1GiB(b *testing.B) {
	dir, size := b.TempDir(), benchSize(b)
	source := filepath.Join(dir, "source")
	allocated := benchDisk(b, source, size)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, source) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	openFile := func() (blockcopy.Source, error) {
		return localdisk.Open(source, localdisk.Options{ReadOnly: true, Buffered: true})
	}
	openHTTPS := func() (blockcopy.Source, error) {
		return openServed(context.Background(), server.URL, certificatePEM(server), size)
	}
	for _, c := range []struct {
		name     string
		open     func() (blockcopy.Source, error)
		extents  []blockcopy.Extent
		readback bool
	}{
		{"file", openFile, nil, false},
		{"file+extents", openFile, allocated, false},
		{"file+extents+readback", openFile, allocated, true},
		{"https", openHTTPS, nil, false},
		{"https+extents", openHTTPS, allocated, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			var seed, plain, cp measured
			for i := range b.N {
				records := filepath.Join(dir, fmt.Sprintf("records-%s-%d", c.name, i))
				target := filepath.Join(dir, "target")
				seed.add(size, func() { seedFile(b, c.open, target, records, size, c.extents, c.readback) })
				if i == 0 {
					sameContent(b, source, target)
				}
				os.RemoveAll(records)
				os.Remove(target)
				plain.add(size, func() { plainCopy(b, source, target) })
				os.Remove(target)
				cp.add(size, func() { cpCopy(b, source, target) })
				os.Remove(target)
			}
			b.ReportMetric(float64(seed.wall.Nanoseconds())/float64(b.N), "ns/op")
			b.ReportMetric(seed.rate(), "MB/s")
			b.ReportMetric(seed.cpuPerGiB(), "cpu-s/GiB")
			b.ReportMetric(plain.rate(), "iocopy-MB/s")
			b.ReportMetric(plain.cpuPerGiB(), "iocopy-cpu-s/GiB")
			b.ReportMetric(cp.rate(), "cp-MB/s")
			b.ReportMetric(seed.rate()/plain.rate(), "x_iocopy")
			b.ReportMetric(seed.rate()/cp.rate(), "x_cp")
		})
	}
}

func seedFile(b *testing.B, open func() (blockcopy.Source, error), target, records string, size int64, extents []blockcopy.Extent, readback bool) {
	src, err := open()
	if err != nil {
		b.Fatal(err)
	}
	defer src.(io.Closer).Close()
	dst, err := localdisk.Open(target, localdisk.Options{Create: size})
	if err != nil {
		b.Fatal(err)
	}
	defer dst.Close()
	job := blockcopy.Job{Dir: records, DiskID: "bench", Pass: "p", Kind: blockcopy.KindSeed, ChangeID: "c", Extents: extents, Readback: readback}
	if _, err := blockcopy.Copy(context.Background(), src, dst, job); err != nil {
		b.Fatal(err)
	}
}

// plainCopy is what a program does that just copies: read, write, fsync.
func plainCopy(b *testing.B, source, target string) {
	in, err := os.Open(source)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(target)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	// Behind plain Reader and Writer, so that bytes are copied as they would
	// be from a connection, not shared or spliced by the kernel.
	if _, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, make([]byte, 1<<20)); err != nil {
		b.Fatal(err)
	}
	if err := out.Sync(); err != nil {
		b.Fatal(err)
	}
}

func cpCopy(b *testing.B, source, target string) {
	if out, err := exec.Command("cp", "--sparse=auto", "--reflink=never", source, target).CombinedOutput(); err != nil {
		b.Fatalf("cp: %v: %s", err, out)
	}
	f, err := os.OpenFile(target, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
}

func sameContent(b *testing.B, x, y string) {
	sum := func(path string) string {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			b.Fatal(err)
		}
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	if a, c := sum(x), sum(y); a != c {
		b.Fatalf("%s has SHA-256 %s, %s has %s", x, a, y, c)
	}
}
