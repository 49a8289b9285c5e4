package blockcopy

import (
	"cmp"
	"slices"
	"sort"
)

// Normalize sorts extents, merges those that overlap or touch, drops empty
// ones and clips to size.
func Normalize(extents []Extent, size int64) []Extent {
	out := make([]Extent, 0, len(extents))
	for _, e := range extents {
		if e.Start >= size || e.Length <= 0 {
			continue
		}
		e.Length = min(e.Length, size-e.Start)
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Extent) int { return cmp.Compare(a.Start, b.Start) })
	n := 0
	for _, e := range out {
		if n > 0 && out[n-1].End() >= e.Start {
			out[n-1].Length = max(out[n-1].End(), e.End()) - out[n-1].Start
			continue
		}
		out[n] = e
		n++
	}
	return out[:n]
}

func sum(extents []Extent) (n int64) {
	for _, e := range extents {
		n += e.Length
	}
	return n
}

// within returns the parts of normalized extents that lie in w, appended to dst.
func within(dst, extents []Extent, w Extent) []Extent {
	i := sort.Search(len(extents), func(i int) bool { return extents[i].End() > w.Start })
	for ; i < len(extents) && extents[i].Start < w.End(); i++ {
		start, end := max(extents[i].Start, w.Start), min(extents[i].End(), w.End())
		dst = append(dst, Extent{start, end - start})
	}
	return dst
}

// leafRanges rounds normalized extents out to whole leaves (the last leaf ends
// with the disk).
func leafRanges(extents []Extent, size int64) []Extent {
	out := make([]Extent, 0, len(extents))
	for _, e := range extents {
		start := e.Start / LeafSize * LeafSize
		end := (e.End() + LeafSize - 1) / LeafSize * LeafSize
		out = append(out, Extent{start, end - start})
	}
	return Normalize(out, size)
}

func wholeDisk(size int64) []Extent { return Normalize([]Extent{{0, size}}, size) }
