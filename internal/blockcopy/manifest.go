package blockcopy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The manifest is the committed state of one disk: what pass it holds and the
// hash of every leaf. It is one file, replaced by rename, so that the change
// id, the root and the hashes can never disagree.
//
//	0      magic, 8 bytes
//	8      length of the header, u32 little-endian
//	12     CRC-32C of the header
//	16     header, JSON
//	16384  hashes, 32 bytes per leaf, in order
//
// The header's CRC guards the header; the root in the header guards the hashes.
const (
	manifestName  = "manifest"
	nextName      = "manifest.next"
	manifestMagic = "PSNMANI1"
	hashesAt      = 16 << 10
	formatVersion = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Commit is the last state of the disk that is complete on the target.
type Commit struct {
	Pass         string    `json:"pass"`
	Kind         Kind      `json:"kind"`
	ChangeID     string    `json:"change_id"`
	DiskID       string    `json:"disk_id"`
	Size         int64     `json:"size"`
	RootHash     string    `json:"root_hash"`
	ChangedBytes int64     `json:"changed_bytes"`
	Generation   uint64    `json:"generation"` // 1 for the first commit of the folder
	At           time.Time `json:"at"`
	// InFlight is the pass that has begun to write since, or nil.
	InFlight *InFlight `json:"-"`
}

// InFlight is a pass that began to write and has not committed.
type InFlight struct {
	Pass     string
	Kind     Kind
	ChangeID string
	DiskID   string // of the disk it began to write
	Size     int64  // of that disk, in bytes
}

type manifestHeader struct {
	Version   int    `json:"version"`
	Algorithm string `json:"algorithm"`
	LeafSize  int64  `json:"leaf_size"`
	Commit
}

func damaged(path, format string, args ...any) error {
	return psn.Errorf(psn.Corrupt, "%s: %s; run a compare pass, which sets damaged records aside and makes new ones", path, fmt.Sprintf(format, args...))
}

// parseManifestHeader reads the first hashesAt bytes of a manifest.
func parseManifestHeader(path string, p []byte) (*manifestHeader, error) {
	if len(p) < hashesAt || string(p[:8]) != manifestMagic {
		return nil, damaged(path, "not a manifest (%d bytes of header read, or wrong magic)", len(p))
	}
	n := binary.LittleEndian.Uint32(p[8:])
	if n > hashesAt-16 {
		return nil, damaged(path, "header length %d is too large", n)
	}
	body := p[16 : 16+n]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(p[12:]) {
		return nil, damaged(path, "the header's checksum is wrong")
	}
	var h manifestHeader
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, damaged(path, "header: %v", err)
	}
	if h.Version != formatVersion || h.Algorithm != Algorithm || h.LeafSize != LeafSize {
		return nil, psn.Errorf(psn.Unsupported, "%s: version %d, algorithm %q, leaf size %d: this program reads version %d, %q, %d; use the program that wrote it or run a compare pass in a new folder",
			path, h.Version, h.Algorithm, h.LeafSize, formatVersion, Algorithm, LeafSize)
	}
	if h.Size < 0 || h.Generation == 0 || h.DiskID == "" || h.Pass == "" {
		return nil, damaged(path, "the header lacks disk id, pass or generation")
	}
	return &h, nil
}

// readCommit reads the header of the manifest in dir, nil when there is none.
func readCommit(dir string) (*Commit, error) {
	path := filepath.Join(dir, manifestName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readCommitFrom(f)
}

func readCommitFrom(f *os.File) (*Commit, error) {
	p := make([]byte, hashesAt)
	n, err := io.ReadFull(f, p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	h, err := parseManifestHeader(f.Name(), p[:n])
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if want := hashesAt + leafCount(h.Size)*int64(len(Hash{})); st.Size() != want {
		return nil, damaged(f.Name(), "has %d bytes, a disk of %d bytes calls for %d", st.Size(), h.Size, want)
	}
	return &h.Commit, nil
}

// loadManifest reads the manifest in dir and checks its hashes against its
// root. It returns nil when there is none.
func loadManifest(dir string) (*Commit, *hashFile, error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := readCommitFrom(f)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	h := &hashFile{f: f, size: c.Size}
	root, err := h.root()
	if err == nil && root != c.RootHash {
		err = damaged(f.Name(), "the hashes give root %s, the header says %s", root, c.RootHash)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return c, h, nil
}

// hashFile is a manifest seen as an array of hashes on disk, so that memory
// does not grow with the disk.
type hashFile struct {
	f    *os.File
	size int64 // of the disk
}

// newHashFile makes the manifest to come, with the hashes of base or zeros.
// Nothing in it counts before commit.
func newHashFile(dir string, size int64, base *hashFile) (*hashFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, nextName), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	h := &hashFile{f: f, size: size}
	if err := f.Truncate(hashesAt + leafCount(size)*int64(len(Hash{}))); err == nil && base != nil {
		_, err = f.Seek(hashesAt, io.SeekStart)
		if err == nil {
			_, err = io.Copy(f, io.NewSectionReader(base.f, hashesAt, leafCount(size)*int64(len(Hash{}))))
		}
		if err != nil {
			f.Close()
			return nil, err
		}
	} else if err != nil {
		f.Close()
		return nil, err
	}
	return h, nil
}

func (h *hashFile) Close() error { return h.f.Close() }

// read fills dst with the hashes from leaf first on.
func (h *hashFile) read(first int64, dst []Hash) error {
	p := make([]byte, len(dst)*len(Hash{}))
	if _, err := h.f.ReadAt(p, hashesAt+first*int64(len(Hash{}))); err != nil {
		return fmt.Errorf("read hash of block %d: %w", first, err)
	}
	for i := range dst {
		copy(dst[i][:], p[i*len(Hash{}):])
	}
	return nil
}

// write sets the hashes of count leaves from first on to sum.
func (h *hashFile) write(first int64, count uint32, sum Hash) error {
	_, err := h.f.WriteAt(bytes.Repeat(sum[:], int(count)), hashesAt+first*int64(len(Hash{})))
	return err
}

func (h *hashFile) root() (string, error) {
	r := bufio.NewReaderSize(io.NewSectionReader(h.f, hashesAt, leafCount(h.size)*int64(len(Hash{}))), 256<<10)
	m := newMerkle()
	var leaf Hash
	for range leafCount(h.size) {
		if _, err := io.ReadFull(r, leaf[:]); err != nil {
			return "", fmt.Errorf("read hashes: %w", err)
		}
		m.add(leaf[:])
	}
	return m.rootHash(h.size), nil
}

// commit makes h the manifest of dir: header, fsync, rename, fsync of dir.
func (h *hashFile) commit(dir string, c Commit, at func(step string) error) error {
	body, err := json.Marshal(manifestHeader{formatVersion, Algorithm, LeafSize, c})
	if err != nil {
		return err
	}
	head := make([]byte, hashesAt)
	copy(head, manifestMagic)
	binary.LittleEndian.PutUint32(head[8:], uint32(len(body)))
	binary.LittleEndian.PutUint32(head[12:], crc32.Checksum(body, castagnoli))
	if copy(head[16:], body) < len(body) {
		return psn.Errorf(psn.InvalidInput, "the manifest's header needs %d bytes, %d fit: shorten the disk id, pass or change id", len(body), hashesAt-16)
	}
	if _, err := h.f.WriteAt(head, 0); err != nil {
		return err
	}
	if err := at("manifest written"); err != nil {
		return err
	}
	if err := h.f.Sync(); err != nil {
		return err
	}
	if err := h.f.Close(); err != nil {
		return err
	}
	if err := at("manifest synced"); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, nextName), filepath.Join(dir, manifestName)); err != nil {
		return err
	}
	if err := at("manifest renamed"); err != nil {
		return err
	}
	return syncDir(dir)
}
