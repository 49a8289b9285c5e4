package source_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/audit/source"
)

func files(of map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range of {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

var configuration = map[string]string{
	"infra/main.tf": `# a comment
resource "psn_tenant" "brescia" {
  name = "Provincia di Brescia"
}

module "web" {
  source   = "./modules/web"
  for_each = toset(["a.b"])
}

module "shared" { source = "../shared" }
module "registry" { source = "italia/psn/registry" }
module "away" { source = "../../elsewhere" }
module "told" { source = "./not-this-one" }
module "loose" { source = var.somewhere }
`,
	"infra/second.tofu":              "\n\nresource \"psn_service\" \"protocollo\" {}\n",
	"infra/third.tf.json":            "{\n  \"resource\": {\n    \"psn_placement\": {\n      \"brescia\": {}\n    }\n  }\n}\n",
	"infra/main_override.tf":         `resource "psn_tenant" "brescia" { name = "other" }`,
	"infra/notes.txt":                `resource "psn_tenant" "noted" {}`,
	"infra/modules/web/web.tf":       "\n\nresource \"psn_service\" \"web\" {}\nmodule \"deep\" { source = \"../deep\" }\n",
	"infra/modules/deep/deep.tf":     "resource \"psn_virtual_machine\" \"vm\" {}\n",
	"infra/modules/told/told.tf":     "resource \"psn_service\" \"told\" {}\n",
	"infra/not-this-one/not-this.tf": "\nresource \"psn_service\" \"told\" {}\n",
	"shared/shared.tf":               "resource \"psn_service\" \"shared\" {}\n",
}

func TestAddressesAreFound(t *testing.T) {
	t.Parallel()
	tree := source.New("file:///repo/", files(configuration), "infra", map[string]string{"module.told": "./modules/told"})
	for address, want := range map[string]source.Block{
		"psn_tenant.brescia":                                            {File: "infra/main.tf", Line: 2, EndLine: 2},
		"psn_service.protocollo":                                        {File: "infra/second.tofu", Line: 3, EndLine: 3},
		"psn_placement.brescia":                                         {File: "infra/third.tf.json", Line: 4, EndLine: 4},
		`module.web["a.b"].psn_service.web[0]`:                          {File: "infra/modules/web/web.tf", Line: 3, EndLine: 3},
		`module.web["a.b"].module.deep.psn_virtual_machine.vm["x]\"y"]`: {File: "infra/modules/deep/deep.tf", Line: 1, EndLine: 1},
		"module.shared.psn_service.shared":                              {File: "shared/shared.tf", Line: 1, EndLine: 1},
		"module.told.psn_service.told":                                  {File: "infra/modules/told/told.tf", Line: 1, EndLine: 1},
		// What is elsewhere is shown where it is called.
		"module.registry.psn_service.x":         {File: "infra/main.tf", Line: 12, EndLine: 12},
		"module.registry.module.y.psn_tenant.x": {File: "infra/main.tf", Line: 12, EndLine: 12},
		"module.away.psn_service.x":             {File: "infra/main.tf", Line: 13, EndLine: 13},
		"module.loose.psn_service.x":            {File: "infra/main.tf", Line: 15, EndLine: 15},
		"module.web.psn_service.none":           {File: "infra/main.tf", Line: 6, EndLine: 6},
		// What is nowhere is not found.
		"psn_tenant.noted": {}, "psn_tenant.none": {}, "module.none.psn_tenant.x": {}, "plan": {}, "p_bs/protocollo-1": {}, "": {}, "module.web": {},
	} {
		got, ok := tree.Find(address)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want.File != "") {
			t.Errorf("%s (%v, -want +got):\n%s", address, ok, diff)
		}
	}
}

// A file that is broken, a folder that is not there and a source that leads out
// are named; what can be read is found all the same.
func TestWhatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	tree := source.New("", files(map[string]string{
		"main.tf":     "resource \"psn_tenant\" \"good\" {}\n",
		"bad.tf":      "resource \"psn_tenant\" \"half\" {\n  name = \n}\nresource \"psn_tenant\" {}\n",
		"big.tf":      strings.Repeat("# much\n", 200_000),
		"mods.tf":     "module \"none\" { source = \"./none\" }\nmodule \"out\" { source = \"../out\" }\nmodule \"bare\" { source = \"./bare\" }\n",
		"bare/x":      "",
		"bad.tf.json": "{",
	}), ".", nil)
	if b, ok := tree.Find("psn_tenant.good"); !ok || b.File != "main.tf" {
		t.Errorf("the good file is lost: %+v", b)
	}
	for range 2 {
		for _, address := range []string{"module.none.psn_tenant.x", "module.out.psn_tenant.x", "module.bare.psn_tenant.x"} {
			if b, ok := tree.Find(address); !ok || b.File != "mods.tf" {
				t.Errorf("%s: %+v", address, b)
			}
		}
	}
	notes := strings.Join(tree.Notes(), "\n")
	for _, want := range []string{
		"not a configuration: bad.tf:2,", "not a configuration: bad.tf.json:", "big.tf: the file cannot be read: it has 1400000 bytes",
		"none: the folder cannot be read: ", `mods.tf:2: the source "../out" of module.out is outside of the repository`, "bare: the folder holds no .tf or .tofu file",
	} {
		if strings.Count(notes, want) != 1 {
			t.Errorf("%q not once in:\n%s", want, notes)
		}
	}
}

func TestNothingToRead(t *testing.T) {
	t.Parallel()
	var none *source.Tree
	for _, tree := range []*source.Tree{none, source.Unreadable("no such folder")} {
		if b, ok := tree.Find("psn_tenant.x"); ok {
			t.Errorf("found %+v", b)
		}
	}
	if notes := source.Unreadable("no such folder").Notes(); !cmp.Equal(notes, []string{"no such folder"}) || none.Notes() != nil {
		t.Error(notes)
	}
}

func FuzzFind(f *testing.F) {
	f.Add(configuration["infra/main.tf"], `module.web["a.b"].psn_service.web[0]`)
	f.Add("{\"resource\":[]}", "psn_tenant.x[")
	f.Add("module \"a\" { source = \"./\" }", "module.a.module.a.module.a.psn_x.y")
	f.Fuzz(func(t *testing.T, text, address string) {
		tree := source.New("", files(map[string]string{"a.tf": text, "b.tf.json": text}), ".", nil)
		b, ok := tree.Find(address)
		if ok && (b.File != "a.tf" && b.File != "b.tf.json" || b.Line < 1 || b.EndLine < b.Line || b.Line > strings.Count(text, "\n")+1) {
			t.Errorf("%q is said to be at %+v", address, b)
		}
	})
}
