package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/cli"
)

const auditData = "../audit/testdata/"

func TestAudit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	if err := os.WriteFile(broken, []byte(`{"format_version":"1.0",`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"clean":        {[]string{"audit", auditData + "clean.json"}, 0, "findings: 0 errors", ""},
		"italian":      {[]string{"audit", "--lang", "it", auditData + "planted.json"}, 1, "regole superate: ", ""},
		"planted":      {[]string{"audit", auditData + "planted.json"}, 1, "error  PLC-002  The standby of a strategic machine", ""},
		"flag last":    {[]string{"audit", auditData + "planted.json", "--json"}, 1, `"rule": "PLC-002"`, ""},
		"state":        {[]string{"audit", "--state", auditData + "state.json"}, 0, "file: state", ""},
		"not a state":  {[]string{"audit", "--state", auditData + "clean.json"}, 2, "", "the file is a plan, not a state"},
		"truncated":    {[]string{"audit", broken}, 2, "", "truncated: it ends at byte 24"},
		"missing file": {[]string{"audit", filepath.Join(dir, "none.json")}, 2, "", "the file cannot be read"},
		"compared":     {[]string{"audit", auditData + "clean.json", "--state", auditData + "state.json"}, 0, "compared with: state", ""},
		"two plans":    {[]string{"audit", auditData + "clean.json", "--state", auditData + "planted.json"}, 2, "", "the first file is a plan, the second a plan"},
		"digest":       {[]string{"audit", auditData + "clean.json", "--digest", "sha256:" + strings.Repeat("0", 64)}, 2, "", "it is not the one that digest was given for\nremedy: ask who made the plan"},
		"sarif":        {[]string{"audit", auditData + "planted.json", "--format", "sarif"}, 1, `"version": "2.1.0"`, ""},
		"csv":          {[]string{"audit", auditData + "planted.json", "--format", "csv", "--separator", ";", "--lang", "it"}, 1, "Regola;Esito;Gravità;", ""},
		"same":         {[]string{"audit", "diff", auditData + "clean.json", auditData + "clean.json"}, 0, "worse: 0", ""},
		"worse":        {[]string{"audit", "diff", auditData + "clean.json", auditData + "planted.json"}, 1, "PLC-002  p_bs/anagrafe-1: passed → not passed", ""},
		"better":       {[]string{"audit", "diff", auditData + "planted.json", auditData + "clean.json", "--lang", "it"}, 0, "In meglio", ""},
		"a folder":     {[]string{"audit", dir}, 2, "", "the file cannot be read: is a directory: name a file in it"},
		"no such file": {[]string{"audit", "diff", filepath.Join(dir, "none.json"), auditData + "clean.json"}, 2, "", "none.json: the file cannot be read: no such file or directory: check the name"},
		"two forms":    {[]string{"audit", auditData + "clean.json", "--json", "--format", "html"}, 2, "", "--json and --format html are two forms"},
		"no fields":    {[]string{"audit", auditData + "clean.json", "--separator", ";"}, 2, "", "only csv has fields to separate"},
		"two files":    {[]string{"audit", "dif", "a", "b"}, 2, "", `two plans are compared by "psn audit diff OLD NEW"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, t.Context(), nil, tc.args...)
			if r.code != tc.code || !strings.Contains(r.stdout, tc.stdout) || !strings.Contains(r.stderr, tc.stderr) {
				t.Errorf("%+v", r)
			}
			if tc.code == 2 && r.stdout != "" || tc.code < 2 && r.stderr != "" {
				t.Errorf("wrong stream: %+v", r)
			}
		})
	}
}

func TestAuditJSONShape(t *testing.T) {
	t.Parallel()
	r := run(t, t.Context(), nil, "audit", "--json", auditData+"planted.json")
	var got map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"document", "policy_digest", "evaluated_at", "subjects", "rules", "findings", "counts"} {
		if got[k] == nil {
			t.Errorf("no %s", k)
		}
	}
	first := got["findings"].([]any)[0].(map[string]any)
	for _, k := range []string{"rule", "severity", "outcome", "subject", "message", "remedy", "basis", "citation"} {
		if first[k] == "" || first[k] == nil {
			t.Errorf("finding without %s: %v", k, first)
		}
	}
}

func TestAuditUsage(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"format":      {[]string{"audit", "--format", "pdf", "x"}, `unknown --format "pdf"`},
		"separator":   {[]string{"audit", "--separator", ";;", "x"}, `--separator ";;"`},
		"digest":      {[]string{"audit", "--digest", "sha256:00", "x"}, `--digest "sha256:00": write "sha256:" and 64`},
		"two files":   {[]string{"audit", "x", "y"}, "files: 2 given, 1 needed"},
		"diff one":    {[]string{"audit", "diff", "x"}, "files: 1 given, 2 needed"},
		"diff format": {[]string{"audit", "diff", "x", "y", "--format", "html"}, `unknown --format "html"`},
	} {
		if r := run(t, t.Context(), nil, tc.args...); r.code != 2 || !strings.Contains(r.stderr, tc.want) || r.stdout != "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A report is written whole or not at all.
func TestAuditOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := filepath.Join(dir, "relazione.html")
	r := run(t, t.Context(), nil, "audit", auditData+"planted.json", "--format", "html", "--lang", "it", "--out", out)
	page, err := os.ReadFile(out)
	if err != nil || r.code != 1 || r.stdout != "" || !strings.Contains(string(page), "Relazione di verifica") {
		t.Errorf("%v %+v", err, r)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	// What is read is never written over, and a device is not replaced.
	plan, _ := os.ReadFile(auditData + "clean.json")
	mine := filepath.Join(dir, "plan.json")
	if err := os.WriteFile(mine, plan, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"audit", mine}, {"audit", "--state", mine}, {"audit", "diff", mine, mine}} {
		r := run(t, t.Context(), nil, append(args, "--out", mine)...)
		after, err := os.ReadFile(mine)
		if err != nil || r.code != 2 || !strings.Contains(r.stderr, "is the file to be read") || string(after) != string(plan) {
			t.Errorf("%v: %v %+v", args, err, r)
		}
	}
	if r := run(t, t.Context(), nil, "audit", mine, "--out", os.DevNull); r.code != 0 {
		t.Errorf("%+v", r)
	}
	if there, err := os.Stat(os.DevNull); err != nil || there.Mode().IsRegular() {
		t.Errorf("%v %v", there, err)
	}
	if r := run(t, t.Context(), nil, "audit", auditData+"clean.json", "--out", filepath.Join(dir, "none", "x")); r.code != 2 || !strings.Contains(r.stderr, "cannot be written") {
		t.Errorf("%+v", r)
	}
}

// The output of show -json can be piped in.
func TestAuditStdin(t *testing.T) {
	t.Parallel()
	plan, err := os.ReadFile(auditData + "planted.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		stdin          io.Reader
		args           []string
		code           int
		stdout, stderr string
	}{
		"plan":     {bytes.NewReader(plan), []string{"audit", "-"}, 1, "error  PLC-002", ""},
		"diff":     {bytes.NewReader(plan), []string{"audit", "diff", auditData + "clean.json", "-"}, 1, "PLC-002", ""},
		"both":     {bytes.NewReader(plan), []string{"audit", "-", "--state", "-"}, 2, "", "PLAN and --state are both -"},
		"diff two": {bytes.NewReader(plan), []string{"audit", "diff", "-", "-"}, 2, "", "OLD and NEW are both -"},
		"empty":    {strings.NewReader(""), []string{"audit", "-"}, 2, "", "standard input: "},
		"closed":   {nil, []string{"audit", "-"}, 2, "", "standard input: there is none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := cli.Run(t.Context(), cli.Env{
				Args: tc.args, Stdin: tc.stdin, Stdout: &out, Stderr: &errs,
				Getenv: func(string) string { return "" }, Now: time.Now,
			})
			if code != tc.code || !strings.Contains(out.String(), tc.stdout) || !strings.Contains(errs.String(), tc.stderr) {
				t.Errorf("exit %d\n%s\n%s", code, out.String(), errs.String())
			}
		})
	}
}
