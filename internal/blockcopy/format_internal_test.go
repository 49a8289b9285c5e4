package blockcopy

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestRootHash computes the root by the recursive definition of RFC 6962 §2.1.
func TestRootHash(t *testing.T) {
	var mth func(d [][]byte) []byte
	sum := func(p ...[]byte) []byte {
		h := sha256.Sum256(bytes.Join(p, nil))
		return h[:]
	}
	mth = func(d [][]byte) []byte {
		switch len(d) {
		case 0:
			return sum()
		case 1:
			return sum([]byte{0}, d[0])
		}
		k := 1
		for k*2 < len(d) {
			k *= 2
		}
		return sum([]byte{1}, mth(d[:k]), mth(d[k:]))
	}
	var leaves [][]byte
	for n := range 70 {
		m := newMerkle()
		for _, l := range leaves {
			m.add(l)
		}
		size := int64(n) * LeafSize
		var sizes []byte
		sizes = binary.BigEndian.AppendUint64(sizes, uint64(size))
		sizes = binary.BigEndian.AppendUint64(sizes, LeafSize)
		if got, want := m.rootHash(size), fmt.Sprintf("sha256:%x", sum([]byte{2}, sizes, mth(leaves))); got != want {
			t.Fatalf("%d leaves: root %s, want %s", n, got, want)
		}
		leaves = append(leaves, sum([]byte{byte(n)}))
	}
}

func TestHashOfZeros(t *testing.T) {
	for _, n := range []int{0, 1, LeafSize - 1, LeafSize} {
		if p := make([]byte, n); hashOf(p) != sha256.Sum256(p) {
			t.Errorf("hash of %d zeros is not their SHA-256", n)
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ in, want []Extent }{
		{nil, []Extent{}},
		{[]Extent{{5, 0}, {100, 4}}, []Extent{}},
		{[]Extent{{90, 50}}, []Extent{{90, 10}}},
		{[]Extent{{10, 5}, {0, 10}, {20, 1}}, []Extent{{0, 15}, {20, 1}}},
		{[]Extent{{0, 50}, {10, 5}, {49, 2}}, []Extent{{0, 51}}},
	} {
		if d := cmp.Diff(c.want, Normalize(c.in, 100)); d != "" {
			t.Errorf("%v: %s", c.in, d)
		}
	}
}

func TestAllZero(t *testing.T) {
	for _, n := range []int{0, 1, 31, 32, 33, 63, 64, 65, 4096, granule} {
		p := make([]byte, n)
		if !allZero(p) {
			t.Errorf("%d zeros are not seen as zeros", n)
		}
		for i := range p {
			p[i] = 1
			if allZero(p) {
				t.Errorf("a one at %d of %d is not seen", i, n)
			}
			p[i] = 0
		}
	}
}

func sampleLedger(t testing.TB) (dir string, frames []int64) {
	dir = t.TempDir()
	payload, err := appendHeader(nil, ledgerHeader{1, Algorithm, LeafSize, "d", 100 * LeafSize, 1, ""})
	if err != nil {
		t.Fatal(err)
	}
	payload, err = appendIntent(payload, intent{intentMeta{"p", KindDelta, "a", "b"}, []Extent{{0, 5}, {70, 1 << 20}}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := createLedger(dir, payload)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range int64(3) {
		frames = append(frames, l.end)
		if err := l.append(appendMark(appendDone(nil, doneRun{i, 1, Hash{byte(i)}}), (i+1)*LeafSize), false, nil); err != nil {
			t.Fatal(err)
		}
	}
	return dir, append(frames, l.end)
}

func countDone(dir string) (int, error) {
	n := 0
	l, err := openLedger(dir, entrySink{
		header: func(ledgerHeader) error { return nil },
		intent: func(intent) error { return nil },
		done:   func(doneRun) error { n++; return nil },
		mark:   func(int64) error { return nil },
	})
	if err != nil {
		return 0, err
	}
	return n, l.Close()
}

// A ledger cut anywhere, or with a piece of its last frame missing, loses the
// last frame and nothing else; damage before the last frame is an error.
func TestLedgerTornAndDamaged(t *testing.T) {
	dir, frames := sampleLedger(t)
	path := filepath.Join(dir, ledgerName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(p []byte) (int, error) {
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		return countDone(dir)
	}
	for cut := frames[0]; cut <= int64(len(whole)); cut++ {
		want := 0
		for want < 3 && frames[want+1] <= cut {
			want++
		}
		if n, err := try(whole[:cut]); err != nil || n != want {
			t.Fatalf("cut at %d: %d records, %v: want %d", cut, n, err, want)
		}
		if st, _ := os.Stat(path); st.Size() != frames[want] {
			t.Fatalf("cut at %d: %d bytes are left, want %d", cut, st.Size(), frames[want])
		}
	}
	for at := range whole {
		p := bytes.Clone(whole)
		p[at] ^= 0x10
		n, err := try(p)
		switch {
		case int64(at) >= frames[2]: // the last frame may be torn in any way
			if err != nil || n < 2 {
				t.Fatalf("last frame damaged at %d: %d records, %v", at, n, err)
			}
		case err == nil && n == 3: // padding between frames is not guarded
		case !psn.Is(err, psn.Corrupt):
			t.Fatalf("damaged at %d: %d records, %v: want an error with code corrupt", at, n, err)
		}
	}
}

func TestManifestDamage(t *testing.T) {
	dir := t.TempDir()
	h, err := newHashFile(dir, 5*LeafSize+1, nil)
	if err != nil {
		t.Fatal(err)
	}
	root, err := h.root()
	if err != nil {
		t.Fatal(err)
	}
	c := Commit{Pass: "p", Kind: KindSeed, ChangeID: "c", DiskID: "d", Size: 5*LeafSize + 1, RootHash: root, Generation: 1, At: time.Unix(1, 0).UTC()}
	if err := h.commit(dir, c, func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	got, hashes, err := loadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	hashes.Close()
	if d := cmp.Diff(&c, got); d != "" {
		t.Fatal(d)
	}
	path := filepath.Join(dir, manifestName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body := int(binary.LittleEndian.Uint32(whole[8:]))
	for _, at := range []int{0, 8, 12, 16, 16 + body - 1, hashesAt, len(whole) - 1} {
		p := bytes.Clone(whole)
		p[at] ^= 1
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := loadManifest(dir); !psn.Is(err, psn.Corrupt) {
			t.Errorf("damaged at %d: %v", at, err)
		}
	}
	for _, n := range []int{0, 10, hashesAt - 1, hashesAt, len(whole) - 1} {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := loadManifest(dir); !psn.Is(err, psn.Corrupt) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

func FuzzLedger(f *testing.F) {
	dir, _ := sampleLedger(f)
	p, err := os.ReadFile(filepath.Join(dir, ledgerName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p)
	f.Add(p[:len(p)-7])
	read := func(p []byte) (end int64, n int, err error) {
		end, _, err = replay(bytes.NewReader(p), int64(len(p)), "ledger", entrySink{
			header: func(ledgerHeader) error { n++; return nil },
			intent: func(intent) error { n++; return nil },
			done:   func(doneRun) error { n++; return nil },
			mark:   func(int64) error { n++; return nil },
		})
		return end, n, err
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		end, n, err := read(p)
		if err != nil {
			if !psn.Is(err, psn.Corrupt) {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		// What was accepted is accepted again, unchanged.
		again, m, err := read(p[:end])
		if err != nil || again != end || m != n {
			t.Fatalf("read again: %d entries to byte %d, %v: first %d to %d", m, again, err, n, end)
		}
	})
}

func FuzzEntries(f *testing.F) {
	h, err := appendHeader(nil, ledgerHeader{1, Algorithm, LeafSize, "d", 1, 1, ""})
	if err != nil {
		f.Fatal(err)
	}
	in, err := appendIntent(h, intent{intentMeta{"p", KindDelta, "a", "b"}, []Extent{{3, 4}, {1 << 40, 9}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(appendMark(appendDone(in, doneRun{7, 2, Hash{1}}), 99))
	f.Fuzz(func(t *testing.T, p []byte) {
		var again []byte
		keep := func(b []byte, err error) error { again = b; return err }
		sink := entrySink{
			header: func(h ledgerHeader) error { return keep(appendHeader(again, h)) },
			intent: func(in intent) error { return keep(appendIntent(again, in)) },
			done:   func(d doneRun) error { return keep(appendDone(again, d), nil) },
			mark:   func(off int64) error { return keep(appendMark(again, off), nil) },
		}
		if parseEntries(p, sink) != nil {
			return
		}
		first := again
		again = nil
		if err := parseEntries(first, sink); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("what was read does not survive being written: %v", err)
		}
	})
}

func FuzzManifestHeader(f *testing.F) {
	f.Add([]byte(`{"version":1,"algorithm":"sha256","leaf_size":262144,"pass":"p","disk_id":"d","size":5,"generation":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := make([]byte, hashesAt)
		copy(p, manifestMagic)
		n := copy(p[16:], body)
		binary.LittleEndian.PutUint32(p[8:], uint32(n))
		for _, crc := range []uint32{crc32.Checksum(p[16:16+n], castagnoli), 1} {
			binary.LittleEndian.PutUint32(p[12:], crc)
			h, err := parseManifestHeader("m", p)
			if err == nil && (h.Size < 0 || h.Generation == 0 || h.DiskID == "") {
				t.Fatalf("accepted %+v", h)
			}
			if err != nil && psn.CodeOf(err) == psn.Internal {
				t.Fatalf("error without a code: %v", err)
			}
		}
		_, _ = parseManifestHeader("m", body)
	})
}
