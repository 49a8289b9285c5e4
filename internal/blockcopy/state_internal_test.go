package blockcopy

import "testing"

// A second interrupted run that came less far than the first must not make
// what the first may have written count as untouched.
func TestWindowOfTheFirstRunIsNotForgotten(t *testing.T) {
	const leaves = 100
	next, err := newHashFile(t.TempDir(), leaves*LeafSize, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	s := newState(leaves*LeafSize, true, next)
	payload, err := appendIntent(nil, intent{intentMeta{Pass: "p", Kind: KindDelta}, wholeDisk(s.size)})
	if err != nil {
		t.Fatal(err)
	}
	payload = appendMark(payload, 60*LeafSize)
	payload = appendDone(payload, doneRun{0, 10, Hash{1}})
	payload = appendMark(payload, 20*LeafSize)
	if err := parseEntries(payload, s.sink()); err != nil {
		t.Fatal(err)
	}
	s.interrupt()
	for i := range int64(leaves) {
		wantDoubt := i >= 10 && i < 60
		if s.doubt.get(i) != wantDoubt || s.known.get(i) == wantDoubt {
			t.Errorf("block %d: doubt %v, known %v: want %v, %v", i, s.doubt.get(i), s.known.get(i), wantDoubt, !wantDoubt)
		}
	}
}
