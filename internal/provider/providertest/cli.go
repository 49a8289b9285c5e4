package providertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// useCLI points the test framework to the CLI named by TF_ACC_TERRAFORM_PATH,
// or else to the first terraform or tofu in PATH, with an empty CLI
// configuration and the host name that this CLI gives providers.
func useCLI(t *testing.T) {
	t.Helper()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if cli == "" {
			cli, _ = exec.LookPath(name)
		}
	}
	if cli == "" {
		t.Fatal("no terraform or tofu in PATH: set TF_ACC_TERRAFORM_PATH")
	}
	dir := t.TempDir()
	rc := filepath.Join(dir, "empty.tfrc")
	write(t, rc, "")
	t.Setenv("TF_CLI_CONFIG_FILE", rc)
	t.Setenv("CHECKPOINT_DISABLE", "1")
	t.Setenv("TF_ACC_TERRAFORM_PATH", cli)
	t.Setenv("TF_ACC_PROVIDER_NAMESPACE", "italia")
	t.Setenv("TF_ACC_PROVIDER_HOST", defaultHost(t, cli, dir))
}

var hostRe = regexp.MustCompile(`provider\[([^/\]]+)/italia/psn\]`)

// defaultHost asks the CLI which host it puts in front of "italia/psn".
func defaultHost(t *testing.T, cli, dir string) string {
	t.Helper()
	write(t, filepath.Join(dir, "main.tf"), "terraform {\n  required_providers {\n    psn = { source = \"italia/psn\" }\n  }\n}\n")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, cli, "-chdir="+dir, "providers").CombinedOutput()
	if err != nil {
		t.Fatalf("%s providers: %v\n%s", cli, err, out)
	}
	m := hostRe.FindSubmatch(out)
	if m == nil {
		t.Fatalf("%s providers names no host: %s", cli, out)
	}
	return string(m[1])
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
