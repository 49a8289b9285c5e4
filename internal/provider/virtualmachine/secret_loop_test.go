package virtualmachine_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// publicKey is an Ed25519 key of nothing but zeros.
var publicKey = "ssh-ed25519 " + base64.StdEncoding.EncodeToString(append([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"), make([]byte, 32)...)) + " mario"

// TestSecretsStayOut gives a machine user and vendor data by write-only
// attributes and looks for them everywhere but in the machine: state, plan, the
// logs of the CLI and the provider at their most talkative.
func TestSecretsStayOut(t *testing.T) {
	lab := providertest.Start(t)
	const user, vendor = "segreto-dell-utente-7531", "segreto-del-fornitore-8642"
	logs := t.TempDir()
	t.Setenv("TF_LOG", "TRACE") // of the provider, which runs in this process
	t.Setenv("TF_ACC_LOG", "TRACE")
	t.Setenv("TF_LOG_PATH_MASK", filepath.Join(logs, "%s.log"))
	declared := func(version, first string) string {
		return lab.Config(`
variable "user" {
  type      = string
  ephemeral = true
}
variable "vendor" {
  type      = string
  ephemeral = true
}
` + byHand(psn.Acilia, `
  ssh_keys               = ["`+publicKey+`"]
  user_data_wo           = "`+first+`\npassword: ${var.user}\n"
  user_data_wo_version   = `+version+`
  vendor_data_wo         = "#cloud-config\nproxy: ${var.vendor}\n"
  vendor_data_wo_version = 1
`))
	}
	given := config.Variables{"user": config.StringVariable(user), "vendor": config.StringVariable(vendor)}
	out := []plancheck.PlanCheck{providertest.PlanHides(user, vendor)}
	wrong := refuses(declared("1", "kein cloud-config"), `Unable to plan virtual machine "p_bs/web-1".*first line does not say`)
	wrong.ConfigVariables = given
	providertest.Test(t, []resource.TestStep{
		wrong, // so it was read
		{
			Config: declared("1", "#cloud-config"), ConfigVariables: given,
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: out, PostApplyPostRefresh: append(out, plancheck.ExpectEmptyPlan())},
			ConfigStateChecks: []statecheck.StateCheck{providertest.StateHides(user, vendor)},
		},
		{ // the guest does not read it again, and nobody says that it did
			Config: declared("2", "#cloud-config"), ConfigVariables: given,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: append(out, plancheck.ExpectEmptyPlan())},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(webAddress, tfjsonpath.New("user_data_wo_version"), knownvalue.Int64Exact(1)),
			},
		},
	})
	files, err := filepath.Glob(filepath.Join(logs, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	for _, there := range []string{"psn_virtual_machine.web", "[TRACE]", "Calling provider defined Resource Create"} {
		if !bytes.Contains(all, []byte(there)) {
			t.Errorf("the logs do not hold %q: the test looks in the wrong place (%d files, %d bytes)", there, len(files), len(all))
		}
	}
	for _, secret := range []string{user, vendor} {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))[:20]} {
			if at := bytes.Index(all, []byte(form)); at >= 0 {
				t.Errorf("a secret is in the logs: …%s…", strings.ReplaceAll(string(all[max(0, at-80):at]), "\n", " "))
			}
		}
	}
}
