package exact

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The solver's file: build/highs.wasm of the npm package highs, under the MIT
// licence. Names of its exports change with each release, so version and hash go
// together with names.go.
const (
	Version = "1.15.3"
	Hash    = "528be4365bea1d4188988646b244263f50320df55782e14d6af5bce7cd45c840" // SHA-256
	Env     = "PSN_HIGHS"                                                        // path of the file
)

// read returns the solver's code: the file at path, else the one that PSN_HIGHS
// names, else the one built in, else the one in the user's cache or beside the
// program. The error is psn.NotFound when there is none and psn.Untrusted when
// its hash is not the pinned one.
func read(path string, getenv func(string) string) ([]byte, error) {
	if path == "" {
		path = getenv(Env)
	}
	if path == "" && len(embedded) > 0 {
		return embedded, check("the built-in solver", embedded)
	}
	paths := []string{path}
	if path == "" {
		paths = places(getenv)
	}
	for _, p := range paths {
		code, err := os.ReadFile(p)
		if err == nil {
			return code, check(p, code)
		}
		if path != "" {
			return nil, psn.Errorf(psn.NotFound, "the solver's file cannot be read: %w", err)
		}
	}
	return nil, psn.Errorf(psn.NotFound, "the solver HiGHS %s is not installed: run \"make solver\", or name its file in %s", Version, Env)
}

// File is where "make solver" puts the solver for one user.
func File(getenv func(string) string) string {
	dir := cacheDir(getenv)
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "highs-"+Version+".wasm")
}

func places(getenv func(string) string) []string {
	var out []string
	if f := File(getenv); f != "" {
		out = append(out, f)
	}
	if exe, err := os.Executable(); err == nil {
		out = append(out, filepath.Join(filepath.Dir(exe), "highs.wasm"))
	}
	return out
}

func cacheDir(getenv func(string) string) string {
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "psn")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "psn")
	}
	return ""
}

func check(where string, code []byte) error {
	sum := sha256.Sum256(code)
	if got := hex.EncodeToString(sum[:]); got != Hash {
		return psn.Errorf(psn.Untrusted, "%s is not HiGHS %s: its SHA-256 is %s, not %s", where, Version, got, Hash)
	}
	return nil
}
