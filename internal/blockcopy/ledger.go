package blockcopy

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const ledgerName = "ledger"

// ledger is the append-only journal of the pass in flight.
type ledger struct {
	f   *os.File
	end int64  // where the next frame goes
	seq uint64 // of the next frame
}

// createLedger makes a ledger with its first frame on stable storage, in one
// atomic step.
func createLedger(dir string, payload []byte) (*ledger, error) {
	temp := filepath.Join(dir, ledgerName+".new")
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	l := &ledger{f: f}
	if err = l.append(payload, true, nil); err == nil {
		if err = os.Rename(temp, filepath.Join(dir, ledgerName)); err == nil {
			err = syncDir(dir)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// append writes one frame and returns when it is on stable storage.
func (l *ledger) append(payload []byte, hasIntent bool, at func(step string) error) error {
	if len(payload) > maxPayload {
		return fmt.Errorf("a ledger record of %d bytes is larger than %d", len(payload), maxPayload)
	}
	frame := sealFrame(l.seq, payload, hasIntent)
	if _, err := l.f.WriteAt(frame, l.end); err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	if at != nil {
		if err := at("ledger appended"); err != nil {
			return err
		}
	}
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("bring ledger to stable storage: %w", err)
	}
	l.seq++
	l.end += int64(len(frame))
	return nil
}

func (l *ledger) Close() error { return l.f.Close() }

// openLedger reads the ledger in dir into sink, drops a torn last frame and
// returns the ledger ready to be appended to; nil when there is none.
func openLedger(dir string, sink entrySink) (*ledger, error) {
	path := filepath.Join(dir, ledgerName)
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l := &ledger{f: f}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	size := st.Size()
	l.end, l.seq, err = replay(f, size, path, sink)
	if err == nil && l.end < size { // torn tail
		if err = f.Truncate(l.end); err == nil {
			err = f.Sync()
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// replay reads the frames of a ledger of size bytes into sink and returns where
// the sound ones end and how many they are.
func replay(r io.ReaderAt, size int64, path string, sink entrySink) (end int64, seq uint64, err error) {
	head := make([]byte, frameHeader)
	for end < size {
		payload, h, ok, err := readFrame(r, end, size, head)
		if err != nil {
			return 0, 0, err
		}
		if !ok || h.seq != seq {
			later, err := laterFrame(r, end+8, size, seq)
			if err != nil {
				return 0, 0, err
			}
			if later >= 0 {
				return 0, 0, damaged(path, "frame %d at byte %d is damaged, a later one at byte %d is sound", seq, end, later)
			}
			break
		}
		if err := parseEntries(payload, sink); err != nil {
			return 0, 0, entryError(path, seq, err)
		}
		end += h.span()
		seq++
	}
	if seq == 0 {
		return 0, 0, damaged(path, "its first frame is damaged")
	}
	return end, seq, nil
}

// readFrame reads the frame at off; ok is false when it is torn or damaged.
func readFrame(f io.ReaderAt, off, size int64, head []byte) (payload []byte, h frameHead, ok bool, err error) {
	if size-off < frameHeader {
		return nil, h, false, nil
	}
	if _, err = f.ReadAt(head, off); err != nil {
		return nil, h, false, err
	}
	if h, ok = parseFrameHead(head); !ok || off+h.span() > size {
		return nil, h, false, nil
	}
	payload = make([]byte, h.length)
	if _, err = f.ReadAt(payload, off+frameHeader); err != nil {
		return nil, h, false, err
	}
	return payload, h, crc32.Checksum(payload, castagnoli) == h.crc, nil
}

// laterFrame looks for a sound frame with a higher sequence number after off
// (frames start at multiples of 8) and returns where, or -1.
func laterFrame(f io.ReaderAt, off, size int64, seq uint64) (int64, error) {
	head := make([]byte, frameHeader)
	for ; off+frameHeader <= size; off += 8 {
		if _, err := f.ReadAt(head, off); err != nil {
			return -1, err
		}
		if h, ok := parseFrameHead(head); !ok || h.seq <= seq {
			continue
		}
		_, _, ok, err := readFrame(f, off, size, head)
		if err != nil || ok {
			return off, err
		}
	}
	return -1, nil
}

// lastIntent reads the header and the last sound intent of the ledger in dir
// without reading what was done. ok is false when there is no ledger.
func lastIntent(dir string) (header ledgerHeader, last intent, ok bool, err error) {
	path := filepath.Join(dir, ledgerName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return header, last, false, nil
	}
	if err != nil {
		return header, last, false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return header, last, false, err
	}
	sink := entrySink{
		header: func(h ledgerHeader) error { header = h; return nil },
		intent: func(in intent) error { last, ok = in, true; return nil },
		done:   func(doneRun) error { return nil },
		mark:   func(int64) error { return nil },
	}
	head := make([]byte, frameHeader)
	for off, seq := int64(0), uint64(0); off+frameHeader <= st.Size(); seq++ {
		if _, err := f.ReadAt(head, off); err != nil {
			return header, last, false, err
		}
		h, sound := parseFrameHead(head)
		if !sound || h.seq != seq {
			break
		}
		if h.hasIntent {
			payload, _, sound, err := readFrame(f, off, st.Size(), head)
			if err != nil {
				return header, last, false, err
			}
			if !sound {
				break
			}
			if err := parseEntries(payload, sink); err != nil {
				return header, last, false, entryError(path, seq, err)
			}
		}
		off += h.span()
	}
	if !ok {
		return header, last, false, damaged(path, "it holds no intent")
	}
	return header, last, true, nil
}

func removeLedger(dir string) error {
	if err := os.Remove(filepath.Join(dir, ledgerName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(dir)
}

// entryError keeps errors of the file system and turns what cannot be read
// into damage.
func entryError(path string, seq uint64, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return err
	}
	return damaged(path, "frame %d: %v", seq, err)
}
