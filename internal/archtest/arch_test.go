package archtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/italia/terraform-provider-psn"

// mayImport says, for each package below internal/ (by longest prefix), which
// other packages of the project it may import in non-test files. A trailing
// "/..." stands for everything below.
var mayImport = map[string][]string{
	"psn":                     {},
	"catalog":                 {"psn"},
	"policy":                  {"psn", "catalog"},
	"placement":               {"psn", "catalog", "policy"},
	"placement/exact":         {"psn", "placement"},
	"placement/placementtest": {"psn", "placement"},
	"placement/picture":       {"psn", "placement"},
	"platform/driver":         {"psn"},
	"platform":                {"psn", "platform/driver"},
	"platform/patience":       {"psn"},
	"platform/trust":          {"psn"},
	"platform/vsphere":        {"psn", "platform/driver", "platform/patience", "platform/trust", "transport/httpsrange"},
	"platform/openstack":      {"psn", "platform/driver", "platform/patience", "platform/trust"},
	"platform/platformtest":   {"psn", "platform", "platform/driver"},
	"blockcopy":               {"psn"},
	"transport":               {"psn", "platform/driver", "blockcopy"},
	// policy is pure: a replica's request must keep the rules however it comes.
	"migration":             {"psn", "policy", "platform/driver", "blockcopy", "transport/..."},
	"audit":                 {"psn", "catalog", "policy", "placement", "audit/tfaddr"},
	"audit/tfaddr":          {},
	"audit/source":          {"audit/tfaddr"},
	"audit/report":          {"psn", "catalog", "policy", "audit", "audit/source"},
	"connect":               {"psn", "platform", "platform/...", "transport/...", "migration"},
	"sandbox":               {"psn", "connect"},
	"provider":              {"psn", "catalog", "policy", "placement", "platform", "platform/driver", "connect", "migration", "provider/..."},
	"provider/providertest": {"psn", "platform", "connect", "sandbox", "provider", "provider/..."},
	"cli":                   {"..."},
	"archtest":              {},
}

// onlyIn says which external modules may be imported where, tests included.
var onlyIn = map[string][]string{
	"github.com/vmware/govmomi":              {"platform/vsphere", "sandbox"},
	"github.com/gophercloud/gophercloud":     {"platform/openstack"},
	"github.com/hashicorp/terraform-plugin-": {"provider", ""},
	"go.temporal.io/":                        {"migration", "connect", "cli"},
	"github.com/spf13/cobra":                 {"cli"},
	"github.com/tetratelabs/wazero":          {"placement/exact"},
	"go.temporal.io/server":                  {},
	"github.com/diskfs/go-diskfs":            {"sandbox", "platform/platformtest", "migration"},
}

// pure packages must not read a clock, a random source, the network, the
// environment or the file system.
var pure = map[string]bool{"psn": true, "catalog": true, "policy": true, "placement": true}

var impureImports = []string{"net", "net/http", "os", "os/exec", "math/rand", "math/rand/v2", "crypto/rand"}

const maxLines = 500

func TestArchitecture(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return fs.SkipDir // a module of its own
			}
			if name := d.Name(); name == "testdata" {
				return fs.SkipDir
			} else if slices.Contains([]string{"util", "utils", "common", "helpers", "helper", "misc"}, name) {
				t.Errorf("%s: a package is named for what it is about, not %q", path, name)
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") {
			seen++
			checkFile(t, root, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 30 {
		t.Fatalf("read %d files only: the test does not look where it should", seen)
	}
}

func checkFile(t *testing.T, root, path string) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), "\n"); n > maxLines {
		t.Errorf("%s: %d lines; split it, %d is the limit", path, n, maxLines)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	rel, _ := filepath.Rel(filepath.Join(root, "internal"), filepath.Dir(path))
	pkg := filepath.ToSlash(rel)
	test := strings.HasSuffix(path, "_test.go")
	for _, spec := range file.Imports {
		imp, _ := strconv.Unquote(spec.Path.Value)
		for _, problem := range judge(pkg, imp, test) {
			t.Errorf("%s: %s", path, problem)
		}
	}
	if pure[pkg] && !test {
		for _, call := range clockCalls(file) {
			t.Errorf("%s: %s in a pure package: take the instant as an argument", path, call)
		}
	}
}

// judge returns what is wrong with package pkg importing imp.
func judge(pkg, imp string, test bool) []string {
	var problems []string
	if own, ok := strings.CutPrefix(imp, module+"/internal/"); ok && !test {
		allowed, known := rulesFor(pkg)
		switch {
		case !known:
			problems = append(problems, "package "+pkg+" is not in the table of this test: decide what it may import")
		case own != pkg && !matches(allowed, own):
			problems = append(problems, "package "+pkg+" must not import "+own)
		}
	}
	for prefix, places := range onlyIn {
		if strings.HasPrefix(imp, prefix) && !slices.ContainsFunc(places, func(p string) bool { return under(pkg, p) }) {
			problems = append(problems, "package "+pkg+" must not import "+imp)
		}
	}
	if pure[pkg] && !test && slices.Contains(impureImports, imp) {
		problems = append(problems, "pure package "+pkg+" must not import "+imp)
	}
	return problems
}

func rulesFor(pkg string) ([]string, bool) {
	for p := pkg; ; {
		if allowed, ok := mayImport[p]; ok {
			return allowed, true
		}
		i := strings.LastIndex(p, "/")
		if i < 0 {
			return nil, false
		}
		p = p[:i]
	}
}

func matches(allowed []string, imp string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		if a == "..." {
			return true
		}
		base, all := strings.CutSuffix(a, "/...")
		return imp == a || all && strings.HasPrefix(imp, base+"/")
	})
}

func under(pkg, place string) bool {
	return pkg == place || place != "" && strings.HasPrefix(pkg, place+"/")
}

func clockCalls(file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After"}, sel.Sel.Name) {
				found = append(found, "time."+sel.Sel.Name)
			}
		}
		return true
	})
	return found
}

// TestJudge proves that the rules above can fail.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		test     bool
		want     int
	}{
		{"psn", module + "/internal/policy", false, 1},
		{"policy", module + "/internal/psn", false, 0},
		{"platform", module + "/internal/platform/vsphere", false, 1},
		{"platform", module + "/internal/platform/vsphere", true, 0},
		{"migration", "github.com/vmware/govmomi", false, 1},
		{"migration", "github.com/vmware/govmomi/simulator", true, 1},
		{"platform/vsphere", "github.com/vmware/govmomi", false, 0},
		{"placement", "math/rand", false, 1},
		{"placement", "math/rand/v2", true, 0},
		{"newcomer", module + "/internal/psn", false, 1},
		{"provider/tenant", "github.com/hashicorp/terraform-plugin-framework/resource", false, 0},
		{"audit", "github.com/hashicorp/terraform-plugin-framework/resource", false, 1},
		{"provider/tenant", module + "/internal/platform/vsphere", false, 1},
		{"connect", "go.temporal.io/server/common", false, 1},
	} {
		if got := judge(c.pkg, c.imp, c.test); len(got) != c.want {
			t.Errorf("judge(%q, %q, test=%v) = %v, want %d problems", c.pkg, c.imp, c.test, got, c.want)
		}
	}
}

// TestTopLevel keeps the repository's first level as agreed.
func TestTopLevel(t *testing.T) {
	allowed := []string{"internal", "examples", "docs", "templates", "main.go", "go.mod", "go.sum", "GNUmakefile", "README.md", "LICENSE", "bin"}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}
