package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folders writes files below a new folder and returns it, links resolved.
func folders(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Results are told from the root of the work tree of Git, which is what code
// scanning takes them for, or from the folder itself.
func TestAuditNamesFilesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	const main = "\n\nresource \"psn_virtual_machine\" \"vm\" {}\n"
	for name, tc := range map[string]struct {
		files  map[string]string
		dir    string
		uri    string
		stderr string
	}{
		"in a repository": {map[string]string{".git/HEAD": "", "infra/brescia/main.tf": main}, "infra/brescia", "infra/brescia/main.tf", ""},
		"in none":         {map[string]string{"infra/main.tf": main}, "infra", "main.tf", ""},
		"a broken file":   {map[string]string{"main.tf": main, "other.tf": "resource {"}, ".", "main.tf", "warning: not a configuration: other.tf:1,"},
		"no folder":       {nil, "none", "", "none cannot be read: no such file or directory: results are in the file audited"},
		"a file":          {map[string]string{"main.tf": main}, "main.tf", "", "main.tf cannot be read: it is not a folder"},
		"an empty folder": {map[string]string{"infra/README": ""}, "infra", "", "the folder holds no .tf or .tofu file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := folders(t, tc.files)
			r := run(t, t.Context(), nil, "audit", auditData+"planted.json", "--format", "sarif", "--config-dir", filepath.Join(root, filepath.FromSlash(tc.dir)))
			if r.code != 1 || !strings.Contains(r.stderr, tc.stderr) || tc.stderr == "" && r.stderr != "" {
				t.Errorf("code %d, %s", r.code, r.stderr)
			}
			var log struct {
				Runs []struct {
					Bases     map[string]struct{ URI string } `json:"originalUriBaseIds"`
					Artifacts []struct{ Location struct{ URI string } }
					Results   []any
				}
			}
			if err := json.Unmarshal([]byte(r.stdout), &log); err != nil || len(log.Runs[0].Results) == 0 {
				t.Fatalf("%v: %s", err, r.stdout)
			}
			found := log.Runs[0].Artifacts[1:]
			if tc.uri == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Location.URI != tc.uri {
				t.Fatalf("files %v, want %s", found, tc.uri)
			}
			base := strings.TrimPrefix(log.Runs[0].Bases["%SRCROOT%"].URI, "file://")
			if _, err := os.Stat(base + tc.uri); err != nil || !strings.HasPrefix(base, root) {
				t.Errorf("base %q with %q: %v", base, tc.uri, err)
			}
		})
	}
	if r := run(t, t.Context(), nil, "audit", auditData+"planted.json", "--config-dir", "."); r.code != 2 || !strings.Contains(r.stderr, "--config-dir \".\" with --format text") {
		t.Error(r)
	}
}
