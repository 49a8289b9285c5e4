package diagnose_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestUnable(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want []string
	}{
		"place and remedy": {psn.At("site acilia (vsphere)", psn.Errorf(psn.Unauthenticated, "login refused")), []string{"Site acilia (vsphere): login refused.", "password"}},
		"pin":              {psn.Errorf(psn.Untrusted, "pin mismatch"), []string{"Pin mismatch.", "thumbprint"}},
		"no remedy":        {errors.New("odd"), []string{"Odd."}},
		"interrupted":      {psn.Errorf(psn.Unavailable, "create: %w", context.Canceled), []string{"interrupted", "may stand", "next apply"}},
		"deadline":         {fmt.Errorf("create: %w", context.DeadlineExceeded), []string{"timeouts block"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnose.Unable("read", "site acilia", tc.err)
			if got, want := d.Summary(), "Unable to read site acilia"; got != want {
				t.Errorf("summary %q, want %q", got, want)
			}
			for _, w := range tc.want {
				if !strings.Contains(d.Detail(), w) {
					t.Errorf("detail %q lacks %q", d.Detail(), w)
				}
			}
		})
	}
}

// TestNamesStay: an attribute's name at the beginning is no word of a sentence.
func TestNamesStay(t *testing.T) {
	quotas := path.Root("site_quotas").AtMapKey("rozzano")
	for said, tc := range map[string]struct {
		at   path.Path
		want string
	}{
		"vlan: on platform x":              {path.Root("vlan"), "vlan: on"},
		`cidr "ten" is no range`:           {path.Root("cidr"), `cidr "ten"`},
		"vlan 121 is taken":                {path.Root("vlan"), "vlan 121"},
		`site_quotas names site "rozzano"`: {quotas, "site_quotas names"},
		"ssh_keys[0]: no key":              {path.Root("ssh_keys").AtListIndex(0), "ssh_keys[0]: no"},
		"site acilia: down":                {path.Root("site"), "Site acilia: down"},
		"gone":                             {path.Root("name"), "Gone."},
		"namely that":                      {path.Root("name"), "Namely that."},
	} {
		if got := diagnose.UnableAt(tc.at, "plan", "it", psn.Errorf(psn.InvalidInput, "%s", said)).Detail(); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%q is told as %q", said, got)
		}
	}
}
