package diagnose_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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
