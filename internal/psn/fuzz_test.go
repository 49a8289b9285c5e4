package psn_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Whatever is accepted comes back unchanged by a second parse, and whatever is
// refused is refused as the caller's mistake.
func FuzzParseIDs(f *testing.F) {
	for _, seed := range []string{"p_bs/protocollo", "P_BS/x", "c_h501/a-1", "", "/", "a/b/c", "p_bs/x\n", "p_bs/\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		vm, err := psn.ParseVMID(v)
		if (err != nil) != (vm == "") || err != nil && !psn.Is(err, psn.InvalidInput) {
			t.Fatalf("ParseVMID(%q) = %q, %v", v, vm, err)
		}
		service, serr := psn.ParseServiceID(v)
		if (serr == nil) != (err == nil) || string(service) != string(vm) {
			t.Fatalf("%q is a service id (%v) but not a machine id (%v), or reads differently", v, serr, err)
		}
		if err != nil {
			return
		}
		if again, err := psn.ParseVMID(string(vm)); err != nil || again != vm {
			t.Fatalf("%q parses to %q, which parses to %q, %v", v, vm, again, err)
		}
		if rebuilt, err := psn.NewVMID(vm.Tenant(), vm.Name()); err != nil || rebuilt != vm {
			t.Fatalf("%q taken apart gives %q, %v", vm, rebuilt, err)
		}
		if len(vm.InstanceUUID()) != 36 {
			t.Fatalf("UUID %q", vm.InstanceUUID())
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{"acilia", "lazio", "vsphere", "critical", "", "ACILIA", "p_bs", "80008750178", "B11C22000000006"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if s, err := psn.ParseSite(v); err == nil && (string(s) != v || s.Region() == "") {
			t.Fatalf("site %q", v)
		}
		if r, err := psn.ParseRegion(v); err == nil && string(r) != v {
			t.Fatalf("region %q", v)
		}
		if p, err := psn.ParsePlatform(v); err == nil && string(p) != v {
			t.Fatalf("platform %q", v)
		}
		if c, err := psn.ParseClassification(v); err == nil && (string(c) != v || c.Rank() == 0) {
			t.Fatalf("class %q", v)
		}
		if id, err := psn.TenantOf(v); err == nil {
			if string(id) != strings.ToLower(v) || len(v) < 2 || len(v) > 32 {
				t.Fatalf("tenant %q of %q", id, v)
			}
			if again, err := psn.TenantOf(string(id)); err != nil || again != id {
				t.Fatalf("tenant %q of %q is not one", id, v)
			}
		}
	})
}

// The check digit is the one digit that makes the first ten valid.
func FuzzFiscalCode(f *testing.F) {
	for _, seed := range []string{"80008750178", "", "8000875017", "８0008750178", "abcdefghijk"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if psn.CheckFiscalCode(v) != nil {
			return
		}
		valid := 0
		for d := '0'; d <= '9'; d++ {
			if psn.CheckFiscalCode(v[:10]+string(d)) == nil {
				valid++
			}
		}
		if len(v) != 11 || valid != 1 {
			t.Fatalf("%q: %d check digits are valid", v, valid)
		}
	})
}

func FuzzCUP(f *testing.F) {
	for _, seed := range []string{"B11C22000000006", "Z11C22000000006", "", "b11c22000000006", "B11C2200000000\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		err, warning := psn.CheckCUP(v), psn.CUPWarning(v)
		if err != nil && warning != "" {
			t.Fatalf("%q is malformed and also warned about", v)
		}
		odd := len(v) == 15 && (v[0] < 'B' || v[0] > 'J' || v[3] < 'B' || v[3] > 'J')
		if err == nil && (len(v) != 15 || odd != (warning != "")) {
			t.Fatalf("%q: warning %q", v, warning)
		}
	})
}
