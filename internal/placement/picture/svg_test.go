package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/picture"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestWrite(t *testing.T) {
	req := placementtest.Estate(3, 60, 70, true)
	res, err := placement.Solve(req)
	if err != nil || res.Verdict != placement.Placed {
		t.Fatal(err, res.Explanation)
	}
	var b bytes.Buffer
	if err := picture.Write(&b, req, res); err != nil {
		t.Fatal(err)
	}
	bars, arcs := 0, 0
	dec := xml.NewDecoder(&b)
	var words strings.Builder
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			for _, a := range e.Attr {
				if a.Name.Local == "height" && a.Value == "14" {
					bars++
				}
				if a.Name.Local == "href" || a.Name.Local == "src" || strings.Contains(a.Value, "http") && a.Name.Local != "xmlns" {
					t.Errorf("%s refers to %q", e.Name.Local, a.Value)
				}
				if a.Name.Local == "marker-end" {
					arcs++
				}
			}
		case xml.CharData:
			words.Write(e)
		}
	}
	if want := 4 * 3 * 3; bars != want {
		t.Errorf("%d bars, want %d", bars, want)
	}
	if want := len(picture.Arcs(res)) + 1; arcs != want { // and the legend's
		t.Errorf("%d arrows, want %d", arcs, want)
	}
	for _, s := range []string{"Acilia", "Pomezia", "Rozzano", "Santo Stefano Ticino", "Lazio", "Lombardia", "60 machines", "kept for the worst loss"} {
		if !strings.Contains(words.String(), s) {
			t.Errorf("no %q", s)
		}
	}
}

// The bars and arrows add up to the request.
func TestLoads(t *testing.T) {
	req := placementtest.Estate(4, 80, 70, false)
	res, err := placement.Solve(req)
	if err != nil {
		t.Fatal(err)
	}
	machines, standbys, arcs := 0, 0, 0
	var use, want psn.Resources
	for _, l := range picture.Loads(req, res) {
		machines += l.Machines
		standbys += l.Standbys
		use = use.Add(l.InUse)
		if !l.InUse.Add(l.Reserve).Fits(l.Capacity) {
			t.Errorf("%+v is overfull", l)
		}
	}
	for _, a := range picture.Arcs(res) {
		arcs += a.Machines
	}
	protected := 0
	for _, w := range req.Workloads {
		want = want.Add(w.PerInstance.Times(w.Instances))
		if w.Classification.Protected() {
			protected += int(w.Instances)
			want.StorageMiB += w.PerInstance.StorageMiB * w.Instances
		}
	}
	if machines != 80 || standbys != protected || arcs != protected || use != want {
		t.Errorf("%d machines, %d standbys, %d by arcs of %d, %+v in use of %+v", machines, standbys, arcs, protected, use, want)
	}
}

// Where nothing is placed, the picture says why, broken into lines that fit.
func TestReasons(t *testing.T) {
	req := placementtest.Estate(3, 60, 70, true)
	for i := range req.Sites {
		for j := range req.Sites[i].Clusters {
			req.Sites[i].Clusters[j].Capacity.MemoryMiB = 1024
		}
	}
	res, err := placement.Solve(req)
	if err != nil || res.Verdict != placement.Infeasible {
		t.Fatal(err, res.Verdict)
	}
	res.Explanation = append(res.Explanation[:2:2], strings.Repeat("a demand in many words, ", 60)+"the end")
	var b bytes.Buffer
	if err := picture.Write(&b, req, res); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"Placement of p_bs: proven infeasible", "no machine is placed", res.Explanation[0], ">…<"} {
		if !strings.Contains(b.String(), s) {
			t.Errorf("no %q in the picture", s)
		}
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if strings.HasPrefix(line, "<text") && len(line) > 260 {
			t.Errorf("too long: %s", line)
		}
	}
}
