package audit_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestReadRefusesWhatItCannotAudit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"empty":             {"", "the file is empty"},
		"blank":             {" \n", "truncated"},
		"truncated":         {`{"format_version":"1.2","resource_changes":[{"address":"psn_ten`, "truncated: it ends at byte 63"},
		"truncated between": {`{"format_version":"1.2",`, "truncated: it ends at byte 24"},
		"not json":          {"Plan: 3 to add", "not JSON at byte"},
		"not an object":     {"[1]", "not a JSON object"},
		"other json":        {`{"hello":"world"}`, "format_version is missing"},
		"only a version":    {`{"format_version":"1.0"}`, "neither resource_changes nor values"},
		"old format":        {`{"format_version":"0.2","planned_values":{}}`, `format_version "0.2" is not supported`},
		"new format":        {`{"format_version":"2.0","planned_values":{}}`, `format_version "2.0" is not supported`},
		"raw state":         {`{"version":4,"lineage":"x","serial":1,"resources":[]}`, "raw state file"},
		"binary plan":       {"PK\x03\x04xxxx", "saved plan in binary form"},
		"utf-16":            {"\xff\xfe{\x00", "UTF-16"},
		"two documents":     {`{"format_version":"1.0","values":{}} {}`, "data follows the JSON document at byte"},
		"wrong type":        {`{"format_version":"1.0","resource_changes":{}}`, "array expected"},
		"wrong field type":  {`{"format_version":"1.0","resource_changes":[{"address":5}]}`, `field "address" is a number`},
		"wrong outer type":  {`{"format_version":1}`, `field "format_version" is a number`},
		"no psn": {`{"format_version":"1.0","values":{"root_module":{"resources":[
			{"address":"aws_vpc.a","mode":"managed","type":"aws_vpc","provider_name":"registry.terraform.io/hashicorp/aws","values":{}},
			{"address":"data.psn_inventory.a","mode":"data","type":"psn_inventory","provider_name":"registry.terraform.io/italia/psn","values":{}}]}}}`,
			"nothing of italia/psn in this state: other providers found: registry.terraform.io/hashicorp/aws (1)"},
		"no resources": {`{"format_version":"1.0","values":{}}`, "nothing of italia/psn in this state: it holds no resources"},
		"deep modules": {`{"format_version":"1.0","values":{"root_module":` + strings.Repeat(`{"child_modules":[`, 300), "nested deeper"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := audit.Read(strings.NewReader(tc.in))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got error %v, want one containing %q", err, tc.want)
			}
			if !psn.Is(err, psn.InvalidInput) {
				t.Errorf("code %q, want invalid_input", psn.CodeOf(err))
			}
		})
	}
}

func TestReadFindsResourcesInModulesOfBothRegistries(t *testing.T) {
	t.Parallel()
	in := `{"values":{"root_module":{"child_modules":[{"address":"module.a","child_modules":[{"resources":[
		{"address":"module.a.module.b[\"x\"].psn_tenant.t[0]","mode":"managed","type":"psn_tenant","index":0,"provider_name":"registry.opentofu.org/italia/psn","values":{"id":"p_bs"}}]}]}],
		"resources":[{"address":"psn_tenant.t","mode":"managed","type":"psn_tenant","provider_name":"registry.terraform.io/italia/psn","values":{"id":"p_mi"}},
		{"address":"psn_tenant.fake","mode":"managed","type":"psn_tenant","provider_name":"registry.terraform.io/other/psn","values":{"id":"p_to"}}]}},
		"format_version":"1.0"}`
	f, err := audit.Read(strings.NewReader("\xef\xbb\xbf" + in))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range f.Values {
		got = append(got, r.Address+"="+r.After["id"].(string))
	}
	if want := `module.a.module.b["x"].psn_tenant.t[0]=p_bs psn_tenant.t=p_mi`; strings.Join(got, " ") != want {
		t.Errorf("resources %v, want %s", got, want)
	}
	if len(f.Lookalikes) != 1 || f.Lookalikes[0] != "psn_tenant.fake" {
		t.Errorf("lookalikes %v", f.Lookalikes)
	}
}
