package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSandboxStatusAfterACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := run(t, t.Context(), nil, "sandbox", "status", "--dir", dir)
	if r.code != 1 || strings.Contains(r.stdout, "sandbox.log") {
		t.Errorf("nothing ran here: %+v", r)
	}
	// What a daemon leaves that died.
	if err := os.WriteFile(filepath.Join(dir, "sandbox.json"), []byte(`{"running":true,"pid":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r = run(t, t.Context(), nil, "sandbox", "status", "--dir", dir)
	if r.code != 1 || !strings.Contains(r.stdout, filepath.Join(dir, "sandbox.log")) {
		t.Errorf("after a crash: %+v", r)
	}
}

func TestSandboxRefusesNegativeNumbers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sb")
	r := run(t, t.Context(), nil, "sandbox", "up", "--dir", dir, "--extra-machines", "-4")
	if r.code == 0 || !strings.Contains(r.stderr, "-4 is negative") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}
