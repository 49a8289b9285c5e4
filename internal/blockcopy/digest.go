package blockcopy

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
)

// LeafSize is the number of bytes under one hash of the manifest. 256 KiB is
// near the grain of changed-block tracking, so a delta costs what changed.
const LeafSize = 256 << 10

// Algorithm is the name of the hash, as stored in manifests.
const Algorithm = "sha256"

const (
	unitSize = 1 << 20  // what a lane reads and writes at once
	granule  = 64 << 10 // smallest run of zeros that is not written as data
	zeroSpan = 64 << 20 // most that is zeroed at once outside the extents
	pageSize = 4 << 10  // alignment of buffers and of clipped writes
)

// Hash is the hash of one leaf.
type Hash [sha256.Size]byte

// zeroLeaf is the hash of a whole leaf of zeros.
var zeroLeaf = sync.OnceValue(func() Hash { return sha256.Sum256(make([]byte, LeafSize)) })

// hashOf is the hash of a leaf. Zeros are common, and finding them is some
// fifty times as fast as hashing them.
func hashOf(p []byte) Hash {
	if len(p) == LeafSize && allZero(p) {
		return zeroLeaf()
	}
	return sha256.Sum256(p)
}

func leafCount(size int64) int64 { return (size + LeafSize - 1) / LeafSize }

// leafLength is the length of leaf i of a disk of the size: the last one may be short.
func leafLength(i, size int64) int64 { return min(LeafSize, size-i*LeafSize) }

// merkle computes the Merkle tree hash of RFC 6962 §2.1 over leaf hashes added
// in order: an entry is the hash of a leaf, a leaf node is H(0x00 ‖ entry), an
// inner node is H(0x01 ‖ left ‖ right).
type merkle struct {
	h     hash.Hash
	stack []merkleNode
}

type merkleNode struct {
	level int
	sum   Hash
}

func newMerkle() *merkle { return &merkle{h: sha256.New()} }

func (m *merkle) node(prefix byte, parts ...[]byte) (out Hash) {
	m.h.Reset()
	m.h.Write([]byte{prefix})
	for _, p := range parts {
		m.h.Write(p)
	}
	m.h.Sum(out[:0])
	return out
}

func (m *merkle) add(leaf []byte) {
	n := merkleNode{0, m.node(0, leaf)}
	for len(m.stack) > 0 && m.stack[len(m.stack)-1].level == n.level {
		left := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		n = merkleNode{n.level + 1, m.node(1, left.sum[:], n.sum[:])}
	}
	m.stack = append(m.stack, n)
}

// rootHash ends the tree and binds it to the disk: "sha256:" and the hex of
// H(0x02 ‖ size ‖ leaf size ‖ tree), sizes as 8 bytes big-endian.
func (m *merkle) rootHash(size int64) string {
	var tree Hash
	if len(m.stack) == 0 {
		tree = sha256.Sum256(nil)
	} else {
		tree = m.stack[len(m.stack)-1].sum
		for i := len(m.stack) - 2; i >= 0; i-- {
			tree = m.node(1, m.stack[i].sum[:], tree[:])
		}
	}
	var sizes [16]byte
	binary.BigEndian.PutUint64(sizes[:8], uint64(size))
	binary.BigEndian.PutUint64(sizes[8:], LeafSize)
	root := m.node(2, sizes[:], tree[:])
	return Algorithm + ":" + hex.EncodeToString(root[:])
}

// allZero reports whether p holds zeros only.
func allZero(p []byte) bool {
	const head = 32
	if len(p) <= head {
		return len(bytes.TrimLeft(p, "\x00")) == 0
	}
	// Equal to itself shifted by 32 and the first 32 are zero: bytes.Equal runs
	// at memory speed, a loop over bytes does not.
	return len(bytes.TrimLeft(p[:head], "\x00")) == 0 && bytes.Equal(p[:len(p)-head], p[head:])
}
