package tfaddr_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit/tfaddr"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, bare string
		n        int
		head     string
	}{
		{"psn_tenant.a", "psn_tenant.a", 1, "psn_tenant.a"},
		{"psn_tenant.a[0]", "psn_tenant.a", 0, "psn_tenant"},
		{`module.a["x.y"].psn_tenant.b[0]`, "module.a.psn_tenant.b", 1, `module.a["x.y"]`},
		{`module.a["]\".["].psn_tenant.b["k"]`, "module.a.psn_tenant.b", 2, `module.a["]\".["].psn_tenant`},
		{`a["`, "a", 3, `a["`},
		{"", "", 0, ""},
	} {
		if got := tfaddr.Bare(c.in); got != c.bare {
			t.Errorf("Bare(%q) = %q, want %q", c.in, got, c.bare)
		}
		if got := tfaddr.Head(c.in, c.n); got != c.head {
			t.Errorf("Head(%q, %d) = %q, want %q", c.in, c.n, got, c.head)
		}
	}
}
