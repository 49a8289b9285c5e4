package audit_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/policy"
)

var update = flag.Bool("update", false, "write the files in testdata again")

// planted has a failed error, a failed warning, an undecidable rule, and
// something recorded that differs from what is derived.
func planted(t testing.TB) []byte {
	f := newFixture(1)
	f.everywhere("anagrafe-1", "standby_site", "santo-stefano-ticino")
	f.everywhere("anagrafe-1", "standby_region", "lombardia")
	f.edit("psn_service.sito", "classification_state", "submitted")
	delete(f.resources["psn_service.sito"], "data_location")
	f.unknown["psn_service.sito"] = object{"data_location": true}
	return f.plan(t)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	clean := newFixture(1)
	for name, in := range map[string][]byte{"planted": planted(t), "clean": clean.plan(t), "state": clean.state(t)} {
		golden(t, name+".json", indented(t, in))
		r := evaluate(t, in)
		if r.PolicyDigest != policy.Digest() {
			t.Errorf("policy digest %s", r.PolicyDigest)
		}
		r.Document.Digest = "sha256:FILE" // it changes with the rules, as policy_digest is in the file
		golden(t, name+".report.golden", append(indented(t, marshal(t, r)), '\n'))
	}
}

func indented(t *testing.T, in []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, in, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// golden compares with testdata; the digest of the rules changes with them and
// is not part of the comparison.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = bytes.ReplaceAll(got, []byte(policy.Digest()), []byte("sha256:POLICY"))
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it):\n%s", name, diff)
	}
}
