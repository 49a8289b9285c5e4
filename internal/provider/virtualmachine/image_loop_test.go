package virtualmachine_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestImageReplaced gives a machine an image of which the name is known only in
// the apply, as with a psn_image made anew: the machine is not touched, no later
// plan fails for it, and it can be destroyed while another image is declared.
func TestImageReplaced(t *testing.T) {
	lab := providertest.Start(t)
	for _, name := range []string{"debian-12", "debian-13"} {
		if err := lab.Center("acilia").AddTemplate(name, 16<<20); err != nil {
			t.Fatal(err)
		}
	}
	with := func(image string) string {
		return lab.Config(byHand(psn.Acilia, "image = terraform_data.image.output") + fmt.Sprintf(`
resource "terraform_data" "image" {
  input            = %q
  triggers_replace = %q
}
`, image, image))
	}
	madeFrom := func(image string) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue(webAddress, tfjsonpath.New("image"), knownvalue.StringExact(image))}
	}
	providertest.Test(t, []resource.TestStep{
		{Config: with("debian-12"), ConfigStateChecks: madeFrom("debian-12")},
		{
			Config:            with("debian-13"),
			ConfigPlanChecks:  before(providertest.OnlyThese("delete+create terraform_data.image")),
			ConfigStateChecks: madeFrom("debian-12"),
		},
		{Config: with("debian-13"), PlanOnly: true},
		{Config: with("debian-13"), Taint: []string{webAddress}, ConfigStateChecks: madeFrom("debian-13")}, // asked for
		{Config: with("debian-12"), ConfigStateChecks: madeFrom("debian-13")},
		{Config: with("debian-12"), Destroy: true},
	})
	if at := lab.Sites(web); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
}

// TestUserDataTakenAway gives a machine user data that only the apply tells to be
// none: the plan must be one that the apply can keep to.
func TestUserDataTakenAway(t *testing.T) {
	lab := providertest.Start(t)
	with := func(made string) string {
		return lab.Config(byHand(psn.Acilia, `user_data = terraform_data.made.output == "yes" ? "#cloud-config\n" : null`) + fmt.Sprintf(`
resource "terraform_data" "made" {
  input            = %q
  triggers_replace = %q
}
`, made, made))
	}
	data := func(v knownvalue.Check) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue(webAddress, tfjsonpath.New("user_data"), v)}
	}
	providertest.Test(t, []resource.TestStep{
		{Config: with("yes"), ConfigStateChecks: data(knownvalue.StringExact("#cloud-config\n"))},
		{Config: with("no"), ConfigStateChecks: data(knownvalue.Null())},
		{Config: with("no"), PlanOnly: true},
	})
}

// TestImportTellsTheImage imports a machine: the image it was made from is read,
// by whichever name it is declared, and a wrong one is not believed.
func TestImportTellsTheImage(t *testing.T) {
	lab := providertest.Start(t)
	if err := lab.Center("acilia").AddTemplate("debian-12", 16<<20); err != nil {
		t.Fatal(err)
	}
	importing := func(image string) string {
		return lab.Config(byHand(psn.Acilia, fmt.Sprintf("image = %q", image)) + "import {\n  to = " + webAddress + "\n  id = \"" + string(web) + "\"\n}\n")
	}
	forget := resource.TestStep{Config: lab.Config(providertest.Tenant + "removed {\n  from = " + webAddress + "\n  lifecycle {\n    destroy = false\n  }\n}\n")}
	image := func(v knownvalue.Check) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue(webAddress, tfjsonpath.New("image"), v)}
	}
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(byHand(psn.Acilia, `image = "debian-12"`))},
		forget,
		{Config: importing("debian-12"), ConfigStateChecks: image(knownvalue.StringExact("debian-12"))},
		forget,
		{Config: importing("debian-13"), ConfigStateChecks: image(knownvalue.StringRegexp(regexp.MustCompile(`^vm-`)))},
		{Config: lab.Config(byHand(psn.Acilia, `image = "debian-13"`)), PlanOnly: true},
	})
}
