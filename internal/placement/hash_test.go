package placement_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
)

// The same decisions and bounds, over the whole model, on every architecture: run
// it with GOARCH=386 and arm64 too.
func TestWholeModelIsStable(t *testing.T) {
	t.Parallel()
	sum := sha256.New()
	add := func(req placement.Request) {
		res := solve(t, req)
		sum.Write([]byte(bytesOf(t, res)))
		if res.Verdict == placement.Placed {
			low, err := placement.Bound(req, res)
			fmt.Fprint(sum, low, err)
		}
	}
	for seed := range uint64(120) {
		add(placementtest.Random(seed))
	}
	for seed := range uint64(3) {
		add(placementtest.Estate(seed, 300, 80, true))
	}
	const want = "87874d68aaef38cbb3f2b9bc3fccf3bb21aa88f45eae3c65113722879a1ab050"
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("decisions hash to %s, want %s; if the change is meant, say so in the changelog", got, want)
	}
}
