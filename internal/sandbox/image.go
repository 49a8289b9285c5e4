package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/fat32"
	"github.com/diskfs/go-diskfs/partition/mbr"
)

const (
	sector         = 512
	partitionStart = 1 << 20 // bytes
	rootCluster    = 2       // where the library puts the root directory
	journalFile    = "/var/registro.dat"
	journalMagic   = "PSN-REGISTRO-BLOCCO-"
)

// document is one file of a disk image.
type document struct {
	path string
	data []byte
}

// writeImage makes the file a bootable-looking disk: a partition table and one
// FAT32 file system with the documents and a preallocated journal. It returns
// where the journal is. The bytes follow from the arguments alone.
func writeImage(name string, size int64, label string, docs []document) (off, length int64, err error) {
	began := time.Now()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, 0, fmt.Errorf("disk image: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(size); err != nil {
		return 0, 0, fmt.Errorf("disk image: %w", err)
	}
	b := file.New(f, false)
	table := &mbr.Table{LogicalSectorSize: sector, PhysicalSectorSize: sector, Partitions: []*mbr.Partition{{
		Bootable: true,
		Type:     mbr.Fat32LBA,
		Start:    partitionStart / sector,
		Size:     uint32((size - partitionStart) / sector),
	}}}
	if err := table.Write(f, size); err != nil {
		return 0, 0, fmt.Errorf("disk image: partition table: %w", err)
	}
	fs, err := fat32.Create(b, size-partitionStart, partitionStart, sector, label, true)
	if err != nil {
		return 0, 0, fmt.Errorf("disk image: file system: %w", err)
	}
	docs = append(docs, document{journalFile, blankJournal(journalSize(size))})
	made := map[string]bool{"/": true}
	for _, d := range docs {
		if err := makeDirs(fs, path.Dir(d.path), made); err != nil {
			return 0, 0, err
		}
		w, err := fs.OpenFile(d.path, os.O_CREATE|os.O_RDWR)
		if err != nil {
			return 0, 0, fmt.Errorf("disk image: %s: %w", d.path, err)
		}
		_, err = w.Write(d.data)
		if err = errors.Join(err, w.Close()); err != nil {
			return 0, 0, fmt.Errorf("disk image: %s: %w", d.path, err)
		}
	}
	length = journalSize(size)
	off, err = settle(f, name, size, length, began)
	return off, length, err
}

func makeDirs(fs *fat32.FileSystem, dir string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := makeDirs(fs, path.Dir(dir), made); err != nil {
		return err
	}
	made[dir] = true
	if err := fs.Mkdir(dir); err != nil {
		return fmt.Errorf("disk image: %s: %w", dir, err)
	}
	return nil
}

// journalSize is the size of the file the guest writes in: a sixteenth of the
// disk, from 256 KiB to 16 MiB.
func journalSize(disk int64) int64 {
	return min(max(disk/16, 256<<10), 16<<20) / recordSize * recordSize
}

func blankJournal(size int64) []byte {
	b := make([]byte, size)
	for i := int64(0); i < size; i += recordSize {
		copy(b[i:], fmt.Sprintf("%s%08d\n", journalMagic, i/recordSize))
	}
	return b
}

// settle finds the journal by its marks, checks that it lies in one piece, and
// gives every directory entry made since began the same date, so that equal
// seeds give equal disks.
func settle(f *os.File, name string, size, length int64, began time.Time) (int64, error) {
	blocks, err := allocated(name, size)
	if err != nil {
		return 0, err
	}
	journal := int64(-1)
	first := fmt.Appendf(nil, "%s%08d\n", journalMagic, 0)
	for b := range blocks {
		buf := make([]byte, min(blockSize, size-b*blockSize))
		if _, err := f.ReadAt(buf, b*blockSize); err != nil {
			return 0, fmt.Errorf("disk image: %w", err)
		}
		for i := 0; i+sector <= len(buf); i += sector {
			if bytes.HasPrefix(buf[i:], first) {
				journal = b*blockSize + int64(i)
			}
		}
		if redate(buf, fatDate(began), fatDate(time.Now())) {
			if _, err := f.WriteAt(buf, b*blockSize); err != nil {
				return 0, fmt.Errorf("disk image: %w", err)
			}
		}
	}
	if journal < 0 {
		return 0, fmt.Errorf("disk image: the journal is nowhere to be found")
	}
	got := make([]byte, length)
	if _, err := f.ReadAt(got, journal); err != nil {
		return 0, fmt.Errorf("disk image: %w", err)
	}
	if !bytes.Equal(got, blankJournal(length)) {
		return 0, fmt.Errorf("disk image: the journal is in pieces")
	}
	return journal, nil
}

// redate looks for FAT directory entries (32 bytes; created, accessed and
// modified dates at 16, 18 and 24) whose three dates are among those given, and
// for the links of a directory to itself and its parent.
func redate(buf []byte, dates ...uint16) bool {
	settled := fatDate(time.Date(2025, time.March, 1, 0, 0, 0, 0, time.UTC))
	changed := false
	for i := 0; i+32 <= len(buf); i += 32 {
		e := buf[i : i+32]
		all := true
		dots := e[11] == 0x10 && (string(e[:11]) == ".          " || string(e[:11]) == "..         ")
		for _, at := range []int{16, 18, 24} {
			all = all && slices.Contains(dates, binary.LittleEndian.Uint16(e[at:]))
		}
		if !all && !dots {
			continue
		}
		changed = true
		if dots && e[1] == '.' && binary.LittleEndian.Uint16(e[26:]) == rootCluster && binary.LittleEndian.Uint16(e[20:]) == 0 {
			clear(e[26:28]) // FAT names the root as parent by 0; the library writes its cluster
		}
		clear(e[13:16]) // tenths and time of creation
		clear(e[22:24]) // time of modification
		for _, at := range []int{16, 18, 24} {
			binary.LittleEndian.PutUint16(e[at:], settled)
		}
	}
	return changed
}

// fatDate is a date as FAT stores it.
func fatDate(t time.Time) uint16 {
	t = t.UTC()
	return uint16(t.Year()-1980)<<9 | uint16(t.Month())<<5 | uint16(t.Day())
}

// documents is what machine m holds on its n-th disk.
func documents(seed uint64, m Machine, n int) []document {
	var docs []document
	if n == 0 {
		docs = append(docs,
			document{hostnameFile, []byte(m.Name + "\n")},
			document{"/etc/motd", []byte("Provincia di Brescia - " + m.Notes + "\n")})
	}
	rnd := rand.New(rand.NewPCG(seed, uint64(len(m.Name)*16+n)))
	for i := range 24 {
		name := fmt.Sprintf("/documenti/%d/prot-%05d.txt", 2023+i%3, 1000+rnd.IntN(90000))
		docs = append(docs, document{name, []byte(letter(rnd, m, i))})
	}
	attachments := make([]byte, min(m.Disks[n]/16, 128<<20))
	noise(seed, fmt.Sprintf("%s/%d", m.Name, n), attachments)
	return append(docs, document{"/archivio/allegati.bin", attachments})
}

// letter is a page of office prose.
func letter(rnd *rand.Rand, m Machine, i int) string {
	subjects := []string{"Richiesta di accesso agli atti", "Determinazione dirigenziale", "Trasmissione del bilancio di previsione", "Autorizzazione allo scarico", "Convocazione della conferenza dei servizi", "Nulla osta al transito eccezionale"}
	sentences := []string{
		"Si trasmette in allegato la documentazione di cui all'oggetto, per gli adempimenti di competenza.",
		"Ai sensi dell'articolo 7 della legge 7 agosto 1990, n. 241, si comunica l'avvio del procedimento.",
		"Il responsabile del procedimento resta a disposizione per ogni chiarimento.",
		"L'ufficio provvederà alla pubblicazione all'albo pretorio per quindici giorni consecutivi.",
		"La presente determinazione non comporta impegno di spesa a carico del bilancio provinciale.",
		"Si invitano gli uffici in indirizzo a fornire riscontro entro trenta giorni dal ricevimento.",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "PROVINCIA DI BRESCIA\nSettore: %s\nProtocollo n. %07d\nOggetto: %s\n\n", m.Notes, rnd.IntN(10_000_000), subjects[rnd.IntN(len(subjects))])
	for range 20 + rnd.IntN(40) {
		b.WriteString(sentences[rnd.IntN(len(sentences))])
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\nBrescia, %d marzo 2025\n", 1+i)
	return b.String()
}
