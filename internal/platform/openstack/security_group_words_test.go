package openstack

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestWordsMeanWhatIsChosen: the word that tells a group is its name where that,
// asked for, would choose it, and its id otherwise, whatever names others have.
func TestWordsMeanWhatIsChosen(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's choice
	tags := [][]string{nil, nil, {neutronTag}}
	named, byID := 0, 0
	for range 2000 {
		var all []neutronGroup
		for n := range 1 + draw.IntN(6) {
			all = append(all, neutronGroup{
				ID: fmt.Sprint("g", n), Name: []string{"web", "db", "g0", "g1"}[draw.IntN(4)],
				ProjectID: fmt.Sprint("t", draw.IntN(2)), Tags: tags[draw.IntN(3)],
			})
		}
		word := groupWords(all)
		for _, g := range all {
			want := g.ID
			if id, err := chooseGroup(all, g.ProjectID, g.Name); err == nil && id == g.ID {
				want = g.Name
				named++
			} else {
				byID++
			}
			if got := word(g.ID); got != want {
				t.Fatalf("group %s of %+v is told as %q, want %q", g.ID, all, got, want)
			}
		}
	}
	if named == 0 || byID == 0 {
		t.Errorf("%d told by name, %d by id", named, byID)
	}
}

// TestWordsOfManyGroups: a read of a large cloud does not compare every group with
// every other.
func TestWordsOfManyGroups(t *testing.T) {
	all := make([]neutronGroup, 60_000)
	for n := range all {
		all[n] = neutronGroup{ID: fmt.Sprint("id", n), Name: fmt.Sprint("name", n), ProjectID: "t1"}
	}
	from := time.Now()
	word := groupWords(all)
	if took := time.Since(from); took > 10*time.Second || word("id7") != "name7" {
		t.Errorf("took %s; %q", took, word("id7"))
	}
}
