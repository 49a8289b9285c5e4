package tenant_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	resource "github.com/italia/terraform-provider-psn/internal/provider/tenant"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ending is a site at which a tenant ends, or not.
type ending struct {
	driver.Site
	left           []string
	unsure, refuse error
}

func (e ending) TenantLeftovers(context.Context, psn.TenantID) ([]string, error) {
	return e.left, e.unsure
}
func (e ending) DeleteTenant(context.Context, psn.TenantID) error { return e.refuse }

// bare is one that cannot tell what is left.
type bare struct{ driver.Site }

func (bare) DeleteTenant(context.Context, psn.TenantID) error { return nil }

func TestEnd(t *testing.T) {
	for name, c := range map[string]struct {
		site driver.Site
		code psn.Code
		says []string
		not  string
	}{
		"clean":           {ending{}, "", nil, ""},
		"gone already":    {ending{refuse: psn.Errorf(psn.NotFound, "no tenant")}, "", nil, ""},
		"outlived":        {ending{left: []string{"volume dati", "image x"}}, "", []string{`"p_bs" left something at site acilia`, "volume dati, image x"}, ""},
		"in the way":      {ending{left: []string{"virtual machine db", "volume dati"}, refuse: psn.Errorf(psn.Conflict, "it holds virtual machine db")}, psn.Conflict, []string{"virtual machine db; besides, the tenant still has: volume dati"}, "has: virtual machine"},
		"named already":   {ending{left: []string{"virtual machine db"}, refuse: psn.Errorf(psn.Conflict, "it holds virtual machine db")}, psn.Conflict, []string{"virtual machine db"}, "besides"},
		"not told":        {ending{unsure: psn.Errorf(psn.Forbidden, "may not look")}, "", []string{`Unable to tell what tenant "p_bs" left`, "may not look"}, ""},
		"cannot be asked": {bare{}, "", nil, ""},
	} {
		at := platform.New(psn.Acilia, psn.VSphere, "site acilia", func(context.Context) (driver.Site, error) { return c.site, nil })
		var diags diag.Diagnostics
		err := resource.End(t.Context(), at, "p_bs", &diags)
		if (c.code == "") != (err == nil) || c.code != "" && !psn.Is(err, c.code) {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		said := fmt.Sprint(err, diags)
		for _, want := range c.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %s, want %q", name, said, want)
			}
		}
		if len(c.says) == 0 && len(diags) > 0 || diags.HasError() || c.not != "" && strings.Contains(said, c.not) {
			t.Errorf("%s: %s", name, said)
		}
	}
}
