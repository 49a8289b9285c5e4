package psn_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestSites(t *testing.T) {
	regions := map[psn.Region]int{}
	for _, s := range psn.Sites() {
		got, err := psn.ParseSite(string(s))
		if err != nil || got != s || !s.Valid() {
			t.Errorf("ParseSite(%q) = %q, %v", s, got, err)
		}
		regions[s.Region()]++
	}
	if diff := cmp.Diff(map[psn.Region]int{psn.Lazio: 2, psn.Lombardia: 2}, regions); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "Acilia", "milano", "acilia "} {
		_, err := psn.ParseSite(bad)
		if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), fmt.Sprintf("%q", bad)) || !strings.Contains(err.Error(), "santo-stefano-ticino") {
			t.Errorf("ParseSite(%q): %v must name the value and the four sites", bad, err)
		}
	}
}

func TestWordsParse(t *testing.T) {
	for _, c := range psn.Classifications() {
		if got, err := psn.ParseClassification(string(c)); got != c || err != nil || c.Italian() == "" {
			t.Errorf("%q: %q, %v", c, got, err)
		}
	}
	for _, r := range psn.Regions() {
		if got, err := psn.ParseRegion(string(r)); got != r || err != nil {
			t.Errorf("%q: %q, %v", r, got, err)
		}
	}
	for _, p := range psn.Platforms() {
		if got, err := psn.ParsePlatform(string(p)); got != p || err != nil {
			t.Errorf("%q: %q, %v", p, got, err)
		}
	}
	for _, err := range []error{second(psn.ParseClassification("strategico")), second(psn.ParseRegion("Lazio")), second(psn.ParsePlatform("kvm"))} {
		if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "use one of") {
			t.Errorf("%v must list what is allowed", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestClassification(t *testing.T) {
	tests := []struct {
		class     psn.Classification
		rank      int
		protected bool
		italian   string
	}{
		{psn.Ordinary, 1, false, "ordinario"}, {psn.Critical, 2, true, "critico"}, {psn.Strategic, 3, true, "strategico"}, {"secret", 0, false, ""},
	}
	for _, tc := range tests {
		if tc.class.Rank() != tc.rank || tc.class.Protected() != tc.protected || tc.class.Italian() != tc.italian {
			t.Errorf("%s: rank %d, protected %v, %q", tc.class, tc.class.Rank(), tc.class.Protected(), tc.class.Italian())
		}
	}
	if !slices.IsSortedFunc(psn.Classifications(), func(a, b psn.Classification) int { return a.Rank() - b.Rank() }) {
		t.Error("classes are not in ascending order")
	}
}

func TestIDs(t *testing.T) {
	tenant, err := psn.TenantOf("P_BS")
	if err != nil || tenant != "p_bs" {
		t.Fatalf("TenantOf: %q, %v", tenant, err)
	}
	service, err := psn.NewServiceID(tenant, "protocollo")
	if err != nil || service != "p_bs/protocollo" || service.Tenant() != tenant || service.Name() != "protocollo" {
		t.Errorf("service id %q, %v", service, err)
	}
	vm, err := psn.NewVMID(tenant, "protocollo-db-1")
	if err != nil || vm != "p_bs/protocollo-db-1" || vm.Tenant() != tenant || vm.Name() != "protocollo-db-1" {
		t.Errorf("vm id %q, %v", vm, err)
	}
	if got, err := psn.ParseVMID("P_BS/x"); err != nil || got != "p_bs/x" {
		t.Errorf("ParseVMID: %q, %v", got, err)
	}
	for _, bad := range []string{"", "p_bs", "p_bs/", "/x", "p_bs/X", "p_bs/-x", "p_bs/x/y", "p bs/x", "p_bs/" + strings.Repeat("x", 64), "p_bs/x\n"} {
		if _, err := psn.ParseVMID(bad); !psn.Is(err, psn.InvalidInput) {
			t.Errorf("ParseVMID(%q): %v", bad, err)
		}
		if _, err := psn.ParseServiceID(bad); !psn.Is(err, psn.InvalidInput) {
			t.Errorf("ParseServiceID(%q): %v", bad, err)
		}
	}
	if _, err := psn.NewVMID(tenant, "Bad Name"); !psn.Is(err, psn.InvalidInput) {
		t.Errorf("NewVMID: %v", err)
	}
	if _, err := psn.NewServiceID(tenant, ""); !psn.Is(err, psn.InvalidInput) {
		t.Errorf("NewServiceID: %v", err)
	}
	if _, err := psn.TenantOf("é"); !psn.Is(err, psn.InvalidInput) {
		t.Errorf("TenantOf: %v", err)
	}
}

// The UUIDs must never change: machines that exist carry them.
func TestInstanceUUIDIsStable(t *testing.T) {
	for id, want := range map[psn.VMID]string{
		"p_bs/protocollo-db-1": "8dafbc2f-f585-5214-9843-2bcb36abe60a",
		"c_h501/anagrafe-1":    "e7466332-0e58-523a-a81d-58ea24ecf96e",
	} {
		if got := id.InstanceUUID(); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	check := map[string]func(string) error{"ipa": psn.CheckIPACode, "fiscal": psn.CheckFiscalCode, "cup": psn.CheckCUP}
	tests := []struct {
		what, value string
		say         string // "" means valid
	}{
		{"ipa", "p_bs", ""}, {"ipa", "c_h501", ""}, {"ipa", "istsc_catf04000p", ""}, {"ipa", "A1", ""}, {"ipa", "CMRC-1", ""},
		{"ipa", "", `""`}, {"ipa", "a", `"a"`}, {"ipa", "_bs", "starting with"}, {"ipa", "p bs", `"p bs"`}, {"ipa", strings.Repeat("a", 33), "2 to 32"}, {"ipa", "pàbs", "letters"},
		{"fiscal", "80008750178", ""}, {"fiscal", "00000000000", ""},
		{"fiscal", "80008750179", "last digit is 9, the first ten call for 8"}, {"fiscal", "8000875017", "10 characters"}, {"fiscal", "", "0 characters"}, {"fiscal", "8000875017x", "character 11"}, {"fiscal", "80008a50178", "character 6"}, {"fiscal", "80018750178", "check digit"},
		{"cup", "B11C22000000006", ""}, {"cup", "Z99Z00000000000", ""},
		{"cup", "b11C22000000006", "15 characters"}, {"cup", "B11C2200000000", "15 characters"}, {"cup", "", `""`}, {"cup", "B11C22000000006 ", "15 characters"},
	}
	for _, tc := range tests {
		err := check[tc.what](tc.value)
		switch {
		case tc.say == "" && err != nil:
			t.Errorf("%s %q: %v", tc.what, tc.value, err)
		case tc.say != "" && (!psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.say)):
			t.Errorf("%s %q: error %v must say %q", tc.what, tc.value, err, tc.say)
		}
	}
	for value, say := range map[string]string{"B11C22000000006": "", "nonsense": "", "Z11C22000000006": "position 1", "B11Z22000000006": "position 4"} {
		if got := psn.CUPWarning(value); (say == "") != (got == "") || !strings.Contains(got, say) {
			t.Errorf("CUPWarning(%q) = %q, want %q", value, got, say)
		}
	}
}

// Every one-digit slip and every swap of unequal neighbours but 0 and 9 changes
// the check digit: what the rule is there to catch.
func TestFiscalCodeCatchesSlips(t *testing.T) {
	const valid = "80008750178"
	for i := range valid {
		for d := byte('0'); d <= '9'; d++ {
			slip := []byte(valid)
			slip[i] = d
			if err := psn.CheckFiscalCode(string(slip)); (err == nil) != (d == valid[i]) {
				t.Errorf("%s: %v", slip, err)
			}
		}
		if i == 0 || valid[i] == valid[i-1] {
			continue
		}
		swap := []byte(valid)
		swap[i], swap[i-1] = swap[i-1], swap[i]
		if psn.CheckFiscalCode(string(swap)) == nil {
			t.Errorf("%s passes", swap)
		}
	}
}

func TestErrors(t *testing.T) {
	inner := psn.Errorf(psn.Unavailable, "no answer: %w", fs.ErrNotExist)
	err := psn.At("site acilia (vsphere)", fmt.Errorf("reading inventory: %w", inner))
	if got, want := err.Error(), "site acilia (vsphere): reading inventory: no answer: file does not exist"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if psn.CodeOf(err) != psn.Unavailable || !psn.Is(err, psn.Unavailable) || psn.Is(err, psn.NotFound) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("code %s of %v", psn.CodeOf(err), err)
	}
	if psn.At("x", nil) != nil || psn.Is(nil, psn.Internal) || psn.CodeOf(errors.New("plain")) != psn.Internal {
		t.Error("nil or plain errors are misread")
	}
}

func TestResources(t *testing.T) {
	a, b := psn.Resources{VCPUs: 1, MemoryMiB: 20, StorageMiB: 3}, psn.Resources{VCPUs: 10, MemoryMiB: 2, StorageMiB: 3}
	for got, want := range map[psn.Resources]psn.Resources{
		a.Add(b):   {VCPUs: 11, MemoryMiB: 22, StorageMiB: 6},
		a.Sub(b):   {VCPUs: -9, MemoryMiB: 18},
		a.Times(3): {VCPUs: 3, MemoryMiB: 60, StorageMiB: 9},
		a.Max(b):   {VCPUs: 10, MemoryMiB: 20, StorageMiB: 3},
	} {
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if a.Fits(b) || b.Fits(a) || !a.Fits(a.Max(b)) || a.IsZero() || !a.Sub(a).IsZero() {
		t.Error("comparisons are wrong")
	}
	for _, short := range []psn.Resources{{MemoryMiB: 20, StorageMiB: 3}, {VCPUs: 1, StorageMiB: 3}, {VCPUs: 1, MemoryMiB: 20}} {
		if a.Fits(short) {
			t.Errorf("%+v fits %+v", a, short)
		}
	}
}

func TestFindingsAreOrdered(t *testing.T) {
	want := []psn.Finding{
		{Severity: psn.SeverityError, Rule: "A-1", Subject: "a"},
		{Severity: psn.SeverityError, Rule: "A-1", Subject: "b", Message: "1"},
		{Severity: psn.SeverityError, Rule: "A-1", Subject: "b", Message: "2"},
		{Severity: psn.SeverityError, Rule: "A-2", Subject: "a"},
		{Severity: psn.SeverityWarning, Rule: "A-0"},
		{Severity: psn.SeverityInfo, Rule: "A-0"},
		{Rule: "A-0"},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, psn.CompareFindings)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
