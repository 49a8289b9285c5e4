package audit

import "testing"

// Sums stop where they are still above every limit, however many are added.
func TestSumsDoNotWrap(t *testing.T) {
	t.Parallel()
	n := int64(maxTaken)
	for range 30 {
		if n = plus(n, n); n <= 0 {
			t.Fatalf("wrapped around to %d", n)
		}
	}
	if n != maxSum || plus(2, 3) != 5 || plus(maxSum, maxSum) != maxSum {
		t.Errorf("%d, 2+3 is %d", n, plus(2, 3))
	}
}
