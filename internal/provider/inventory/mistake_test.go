package inventory_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

// TestMistakesAreErrors makes the mistakes that waiting does not cure: none may
// send machines to another site in silence. A site that is down is a warning.
func TestMistakesAreErrors(t *testing.T) {
	lab := providertest.Start(t)
	const config = "data \"psn_inventory\" \"now\" {}\noutput \"reachable\" {\n  value = [for s in data.psn_inventory.now.sites : s.reachable]\n}\n"
	good, err := os.ReadFile(lab.ConfigFile())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(lab.ConfigFile())
	secret := regexp.MustCompile(`password_file: (\S*acilia\S*)`)
	loose, empty := filepath.Join(dir, "loose"), filepath.Join(dir, "empty.pem")
	for file, mode := range map[string]os.FileMode{loose: 0o644, empty: 0o600} {
		if err := os.WriteFile(file, []byte("wrong"), mode); err != nil {
			t.Fatal(err)
		}
	}
	wrong := filepath.Join(dir, "wrong")
	if err := os.WriteFile(wrong, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	acilia := secret.FindString(string(good))
	if acilia == "" {
		t.Fatal("the configuration names no password file of acilia")
	}
	var steps []resource.TestStep
	for i, tc := range []struct{ old, is, want string }{
		{acilia, "password_env: PSN_TEST_UNSET", `PSN_TEST_UNSET\s+is\s+not\s+set`},
		{acilia, "password_file: " + loose, `mode\s+0644`},
		{acilia, "password_file: " + wrong, `(?i)password|login`},
		{regexp.MustCompile(`ca_file: \S+`).FindString(string(good)), "ca_file: " + empty, `PEM`},
		{regexp.MustCompile(`ca_file: \S+`).FindString(string(good)), "ca_file: " + empty + ".missing", `no\s+such\s+file`},
		{regexp.MustCompile(`ca_file: \S+`).FindString(string(good)), `thumbprint_sha256: "` + strings.Repeat("AA:", 31) + `AA"`, `(?i)pin|thumbprint`},
		{regexp.MustCompile(`datacenter: \S+`).FindString(string(good)), "datacenter: Atlantide", `Atlantide`},
	} {
		file := filepath.Join(dir, fmt.Sprintf("psn-%d.yaml", i))
		if err := os.WriteFile(file, []byte(strings.Replace(string(good), tc.old, tc.is, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, resource.TestStep{
			Config:      strings.Replace(lab.Config(config), lab.ConfigFile(), file, 1),
			ExpectError: regexp.MustCompile(`(?s)Unable to read.*` + tc.want),
		})
	}
	steps = append(steps, resource.TestStep{
		PreConfig: func() { lab.Center("acilia").Stop() },
		Config:    lab.Config(config),
	})
	providertest.Test(t, steps)
}
