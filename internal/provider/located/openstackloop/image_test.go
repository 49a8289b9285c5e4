package openstackloop_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestOpenStackImage(t *testing.T) {
	const at, address = psn.Pomezia, "psn_image.this"
	lab, site := start(t, at)
	dir := t.TempDir()
	file, other := filepath.Join(dir, "debian.raw"), filepath.Join(dir, "elsewhere.raw")
	write := func(name string, fill byte) string {
		content := bytes.Repeat([]byte{fill}, 3<<20)
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", sha256.Sum256(content))
	}
	sum := write(file, 'a')
	write(other, 'a')
	config := func(file, more string) string {
		return lab.Config(tenant("p_va", at, "") + located("image", "debian-12", at, fmt.Sprintf("  file = %q\n  format = \"raw\"\n%s", file, more)))
	}
	var first string
	stands := func(fill byte, same bool) resource.TestCheckFunc {
		return func(*terraform.State) error {
			i, err := lab.Site(at).FindImage(t.Context(), "p_va", "debian-12", "")
			if err != nil {
				return err
			}
			content, err := os.ReadFile(site.ImageFile(i.Ref))
			if err != nil {
				return err
			}
			if !bytes.Equal(content, bytes.Repeat([]byte{fill}, 3<<20)) || i.Status != "active" || (i.Ref == first) != same {
				return fmt.Errorf("stands as %+v with %d bytes", i, len(content))
			}
			first = i.Ref
			return nil
		}
	}
	none := func(*terraform.State) error {
		all, err := lab.Site(at).Images(t.Context())
		if err != nil {
			return err
		}
		for _, i := range all {
			if i.Tenant == "p_va" {
				return fmt.Errorf("left: %+v", i)
			}
		}
		return nil
	}
	const more = "  min_disk_gib = 1\n  min_memory_mib = 256\n  firmware = \"efi\"\n  properties = { hw_disk_bus = \"scsi\" }\n"
	later := filepath.Join(dir, "later.raw")
	providertest.Test(t, []resource.TestStep{
		// Another content than the plan said: an error, and nothing is left.
		fails(config(file, "  sha256 = \""+strings.Repeat("0", 64)+"\"\n"), `unable to create image "p_va/pomezia/openstack/debian-12".*is\s+not\s+the\s+one\s+that\s+was\s+planned`),
		{Config: lab.Config(tenant("p_va", at, "")), Check: none},
		{
			Config: config(file, more),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("sha256"), knownvalue.StringExact(sum)),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("size_bytes"), knownvalue.Int64Exact(3<<20)),
			),
			Check: stands('a', false),
		},
		{Config: config(file, more), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{ // the same content at another path
			Config: config(other, more), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)), Check: stands('a', true),
		},
		imports(address, "p_va/pomezia/openstack/debian-12", "file"),
		{ // another content at the same path
			PreConfig: func() { write(other, 'b') },
			Config:    config(other, more), ConfigPlanChecks: before(providertest.OnlyThese("delete+create " + address)), Check: stands('b', false),
		},
		{
			Config: config(other, strings.Replace(more, "256", "512", 1)), ConfigPlanChecks: before(providertest.OnlyThese("delete+create " + address)), Check: stands('b', false),
		},
		{ // a file that is fetched during the apply
			Config: config(later, "  sha256 = \""+sum+"\"\n  depends_on = [terraform_data.fetched]\n") + fmt.Sprintf(`
resource "terraform_data" "fetched" {
  provisioner "local-exec" {
    command = "cp %s %s"
  }
}
`, file, later),
			ConfigPlanChecks: before(providertest.OnlyThese("delete+create "+address, "create terraform_data.fetched")),
			Check:            stands('a', false),
		},
	})
	if err := none(nil); err != nil {
		t.Error(err)
	}
}
