package regoparity_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var update = flag.Bool("update", false, "write the tables and the example document of the bundle")

const bundle = "../../../examples/policy-rego"

// tables is the data of the bundle: what the rules look up, from the same
// source as the native rules.
func tables() map[string]any {
	rules, parameters := map[string]policy.Rule{}, map[string]int64{}
	for _, r := range policy.Rules() {
		rules[r.ID] = r
		for _, p := range r.Parameters {
			parameters[p.Name] = p.Default
		}
	}
	sites, distances := map[psn.Site]psn.Region{}, map[psn.Site]map[psn.Site]catalog.Distance{}
	for _, a := range psn.Sites() {
		sites[a], distances[a] = a.Region(), map[psn.Site]catalog.Distance{}
		for _, b := range psn.Sites() {
			distances[a][b], _ = catalog.DistanceBetween(a, b)
		}
	}
	eu := []string{"EU"}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if code := string(a) + string(b); catalog.InEU(code) && code != "EU" {
				eu = append(eu, code)
			}
		}
	}
	rank, minimum := map[catalog.Level]int{}, map[psn.Classification]catalog.Level{}
	for _, l := range catalog.Levels() {
		rank[l] = l.Rank()
	}
	for _, c := range psn.Classifications() {
		minimum[c] = catalog.MinimumLevel(c)
	}
	calls, matrices := map[string]catalog.Call{}, map[string]catalog.Matrix{}
	for _, c := range catalog.Calls() {
		calls[c.ID] = c
	}
	for _, m := range catalog.Matrices() {
		matrices[m.ID] = m
	}
	var products []string
	for _, p := range catalog.Products() {
		products = append(products, p.ID)
	}
	return map[string]any{"psn_tables": map[string]any{
		"rules": rules, "parameters": parameters, "sites": sites, "distances": distances, "eu": eu,
		"levels": map[string]any{"rank": rank, "top": len(rank), "minimum": minimum, "default": catalog.DefaultLevel()},
		"calls":  calls, "matrices": matrices, "products": products, "phases": policy.Phases(), "topics": policy.TopicFields(),
		"attestation": map[string]any{"physical": catalog.AttestationColumns("physical"), "vm": catalog.AttestationColumns("vm")},
	}}
}

// The files of the bundle that are derived from Go code are up to date.
func TestDerivedFiles(t *testing.T) {
	for name, v := range map[string]any{"data.json": tables(), "document.json": example()} {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(bundle, name)
		if *update {
			if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is out of date: run go test -run TestDerivedFiles -update here", path)
		}
	}
}
