package blockcopy

import "math/bits"

// bitmap is one bit per leaf: 2 MiB for a disk of 4 TiB.
type bitmap struct {
	words []uint64
	n     int64
}

func newBitmap(n int64) *bitmap { return &bitmap{make([]uint64, (n+63)/64), n} }

func (b *bitmap) get(i int64) bool { return b.words[i/64]>>(i%64)&1 == 1 }
func (b *bitmap) set(i int64)      { b.words[i/64] |= 1 << (i % 64) }
func (b *bitmap) unset(i int64)    { b.words[i/64] &^= 1 << (i % 64) }
func (b *bitmap) clear()           { clear(b.words) }

func (b *bitmap) fill() {
	for i := range b.n {
		b.set(i)
	}
}

func (b *bitmap) count() (n int64) {
	for _, w := range b.words {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

// all reports whether every bit of [from, to) is set.
func (b *bitmap) all(from, to int64) bool {
	for i := from; i < to; i++ {
		if !b.get(i) {
			return false
		}
	}
	return true
}
