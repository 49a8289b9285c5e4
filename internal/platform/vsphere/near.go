package vsphere

import (
	"cmp"
	"fmt"
	"slices"
)

// listed is how many names an error lists at most.
const listed = 10

// nearest joins names for an error message, sorted; of many only those most like
// the one that was not found.
func nearest(wanted string, names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) <= listed {
		return quoted(names)
	}
	left := len(names) - listed
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(distance(wanted, a), distance(wanted, b)) })
	return fmt.Sprintf("%s and %d others", quoted(names[:listed]), left)
}

// distance is how many letters must be put in, taken out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
