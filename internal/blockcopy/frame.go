package blockcopy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

// The ledger is a sequence of frames. Every frame is written whole and brought
// to stable storage before the next one is begun; so only the last frame can
// be torn, and a bad frame before a good one is damage, not a crash.
//
//	0   magic u32        4   CRC-32C of bytes 8..32
//	8   sequence u64     16  length of payload u32
//	20  CRC-32C of payload
//	24  1 when the frame holds an intent, else 0 (u64)
//	32  payload, padded with zeros to 8 bytes
//
// A payload is a sequence of entries: a byte that says which, then
//
//	H  u32 length, JSON ledgerHeader     first entry of the ledger
//	I  u32 length, JSON intentMeta, u32 n, n × (uvarint gap, uvarint length)
//	D  leaf u64, count u32, hash 32      count leaves from leaf on have the hash
//	M  offset u64                        leaves below offset may be written
const (
	frameMagic  = 0x31475350 // "PSG1"
	frameHeader = 32
	maxPayload  = 1 << 30
)

type ledgerHeader struct {
	Version    int    `json:"version"`
	Algorithm  string `json:"algorithm"`
	LeafSize   int64  `json:"leaf_size"`
	DiskID     string `json:"disk_id"`
	Size       int64  `json:"size"`
	Generation uint64 `json:"generation"` // of the commit that this ledger leads to
	BaseRoot   string `json:"base_root"`  // of the commit it started from, empty for none
}

type intentMeta struct {
	Pass         string `json:"pass"`
	Kind         Kind   `json:"kind"`
	FromChangeID string `json:"from_change_id"`
	ChangeID     string `json:"change_id"`
}

// intent is what a pass is about to change, written before its first write.
type intent struct {
	intentMeta
	Extents []Extent
}

// covers reports whether a run that began with intent a is continued by b: the
// same pass, asking for nothing outside what a declared.
func (a intent) covers(b intent) bool {
	if a.intentMeta != b.intentMeta {
		return false
	}
	var parts []Extent
	for _, e := range b.Extents {
		parts = within(parts[:0], a.Extents, e)
		if len(parts) != 1 || parts[0] != e {
			return false
		}
	}
	return true
}

// doneRun says that count leaves from leaf on are on stable storage with the hash.
type doneRun struct {
	leaf  int64
	count uint32
	sum   Hash
}

func appendJSON(p []byte, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	p = binary.LittleEndian.AppendUint32(p, uint32(len(body)))
	return append(p, body...), nil
}

func appendHeader(p []byte, h ledgerHeader) ([]byte, error) { return appendJSON(append(p, 'H'), h) }

func appendIntent(p []byte, in intent) ([]byte, error) {
	p, err := appendJSON(append(p, 'I'), in.intentMeta)
	if err != nil {
		return nil, err
	}
	p = binary.LittleEndian.AppendUint32(p, uint32(len(in.Extents)))
	var at int64
	for _, e := range in.Extents {
		p = binary.AppendUvarint(p, uint64(e.Start-at))
		p = binary.AppendUvarint(p, uint64(e.Length))
		at = e.End()
	}
	return p, nil
}

func appendDone(p []byte, d doneRun) []byte {
	p = binary.LittleEndian.AppendUint64(append(p, 'D'), uint64(d.leaf))
	p = binary.LittleEndian.AppendUint32(p, d.count)
	return append(p, d.sum[:]...)
}

func appendMark(p []byte, off int64) []byte {
	return binary.LittleEndian.AppendUint64(append(p, 'M'), uint64(off))
}

// sealFrame makes a frame of the payload.
func sealFrame(seq uint64, payload []byte, hasIntent bool) []byte {
	f := make([]byte, frameHeader, frameHeader+len(payload)+8)
	binary.LittleEndian.PutUint32(f, frameMagic)
	binary.LittleEndian.PutUint64(f[8:], seq)
	binary.LittleEndian.PutUint32(f[16:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(f[20:], crc32.Checksum(payload, castagnoli))
	if hasIntent {
		f[24] = 1
	}
	binary.LittleEndian.PutUint32(f[4:], crc32.Checksum(f[8:frameHeader], castagnoli))
	f = append(f, payload...)
	for len(f)%8 != 0 {
		f = append(f, 0)
	}
	return f
}

type frameHead struct {
	seq       uint64
	length    int64 // of the payload
	crc       uint32
	hasIntent bool
}

func (h frameHead) span() int64 { return frameHeader + (h.length+7)/8*8 }

// parseFrameHead reads the first frameHeader bytes of a frame.
func parseFrameHead(p []byte) (h frameHead, ok bool) {
	if len(p) < frameHeader || binary.LittleEndian.Uint32(p) != frameMagic ||
		crc32.Checksum(p[8:frameHeader], castagnoli) != binary.LittleEndian.Uint32(p[4:]) {
		return h, false
	}
	h = frameHead{
		seq:       binary.LittleEndian.Uint64(p[8:]),
		length:    int64(binary.LittleEndian.Uint32(p[16:])),
		crc:       binary.LittleEndian.Uint32(p[20:]),
		hasIntent: p[24] == 1,
	}
	return h, h.length <= maxPayload
}

// entrySink takes the entries of a payload in order.
type entrySink struct {
	header func(ledgerHeader) error
	intent func(intent) error
	done   func(doneRun) error
	mark   func(off int64) error
}

var errShort = errors.New("an entry is cut short")

func parseEntries(p []byte, s entrySink) error {
	for len(p) > 0 {
		kind := p[0]
		p = p[1:]
		var err error
		switch kind {
		case 'H':
			var h ledgerHeader
			if p, err = parseJSON(p, &h); err == nil {
				err = s.header(h)
			}
		case 'I':
			var in intent
			if in, p, err = parseIntent(p); err == nil {
				err = s.intent(in)
			}
		case 'D':
			if len(p) < 12+len(Hash{}) {
				return errShort
			}
			d := doneRun{leaf: int64(binary.LittleEndian.Uint64(p)), count: binary.LittleEndian.Uint32(p[8:])}
			copy(d.sum[:], p[12:])
			p = p[12+len(Hash{}):]
			err = s.done(d)
		case 'M':
			if len(p) < 8 {
				return errShort
			}
			err = s.mark(int64(binary.LittleEndian.Uint64(p)))
			p = p[8:]
		default:
			return fmt.Errorf("entry of unknown kind %q", kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func parseJSON(p []byte, v any) (rest []byte, err error) {
	if len(p) < 4 {
		return nil, errShort
	}
	n := uint64(binary.LittleEndian.Uint32(p))
	p = p[4:]
	if uint64(len(p)) < n {
		return nil, errShort
	}
	dec := json.NewDecoder(bytes.NewReader(p[:n]))
	dec.DisallowUnknownFields()
	return p[n:], dec.Decode(v)
}

func parseIntent(p []byte) (in intent, rest []byte, err error) {
	if p, err = parseJSON(p, &in.intentMeta); err != nil {
		return in, nil, err
	}
	if len(p) < 4 {
		return in, nil, errShort
	}
	n := int64(binary.LittleEndian.Uint32(p))
	p = p[4:]
	if n*2 > int64(len(p)) { // every extent takes at least two bytes
		return in, nil, errShort
	}
	in.Extents = make([]Extent, 0, n)
	var at int64
	for range n {
		gap, a := binary.Uvarint(p)
		if a <= 0 {
			return in, nil, errShort
		}
		length, b := binary.Uvarint(p[a:])
		if b <= 0 {
			return in, nil, errShort
		}
		p = p[a+b:]
		const most = 1 << 60
		if gap > most || length > most || at > most {
			return in, nil, errors.New("an extent of the intent is out of range")
		}
		e := Extent{at + int64(gap), int64(length)}
		in.Extents = append(in.Extents, e)
		at = e.End()
	}
	return in, p, nil
}
