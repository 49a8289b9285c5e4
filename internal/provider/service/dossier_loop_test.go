package service_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

const validated = `
  classification_state = "validated"
  classification_date  = "2024-11-30"
`

const complete = validated + `
  qualification     = "QC4"
  backup_policy     = "BKP-7"
  key_reference     = "hsm-1/root"
  key_management    = "hyok"
  hsm               = "hsm-1"
  metadata_location = "IT"
  log_location      = "IT"
  backup_location   = "IT, FR"
  site_list         = "DOC-12"
  access_procedure  = "PROC-3"
  staff_list        = "DOC-13"
  migration = {
    call        = "pnrr-1.2-province-2025", origin = "on-premise-structured", destination = "iaas", funded_mode = "A"
    start_date  = "2025-09-01", phase = "production", completed = true
    parts       = [{ name = "db-1", kind = "vm", moved = true }, { name = "archive", kind = "dataset", moved = true }]
    acceptance_test = "COLL-1", security_review = "SEC-1"
  }
  evidence = {
    contract = "CIG-1", contract_date = "2025-08-01", catalogue_reference = "SA-1234", migration_start = "2025-09-01", migration_end = "2025-09-15"
    report = { from = "2025-09-01", to = "2025-09-15", cpu = true, ram = true, storage = true, connectivity = true, third_party = "PSN" }
    public_ips = ["192.0.2.7"], resources = ["u-1"], software = [{ product = "PostgreSQL", vendor = "PGDG", function = "database" }]
    production_statement = "PROD-1", critical_data_document = "DOC-20", dnsh_declaration = "DNSH-1", dnsh_sheets = ["6"], completion_date = "2026-03-20"
  }
`

// TestDossier declares everything the rules on a service read.
func TestDossier(t *testing.T) {
	lab := providertest.Start(t)
	fails := func(more, text string) resource.TestStep {
		return resource.TestStep{Config: lab.Config(service("strategic", validated+more)), ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	before := func(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: checks}
	}
	found := tfjsonpath.New("findings")
	providertest.Test(t, []resource.TestStep{
		fails(`metadata_location = "US"`, `LOC-003.*outside\s+the\s+European\s+Union`),
		fails(`qualification = "QC4"
key_reference = "k"
key_management = "byok"`, `KEY-002.*hyok`),
		fails(`key_management = "mine"`, `key_management.*byok`),
		fails(`backups = { daily = { site = "milano", retention_days = 3 } }`, `milano`),
		fails(`migration = { start_date = "1 settembre" }`, `migration.start_date: "1 settembre" is not a\s+date`),
		fails(`migration = { call = "pnrr-1.2-province-2025", origin = "moon", destination = "iaas" }`, `MIG-001.*unknown\s+origin\s+"moon"`),
		fails(`migration = { completed = true, parts = [{ name = "archive", kind = "dataset" }], acceptance_test = "A", security_review = "B" }`, `MIG-003.*archive`),
		{
			// What the evidence lacks stops no plan, and is not forgotten.
			Config: lab.Config(service("ordinary", validated+`qualification = "QC1"
evidence = { contract = "CIG-1" }`)),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, found.AtSliceIndex(0).AtMapKey("rule"), knownvalue.StringExact("EVI-001")),
				plancheck.ExpectKnownValue(address, found.AtSliceIndex(0).AtMapKey("severity"), knownvalue.StringExact("error")),
			),
		},
		{Config: lab.Config(service("strategic", complete)), ConfigPlanChecks: before(plancheck.ExpectKnownValue(address, found, knownvalue.ListSizeExact(0)))},
		{Config: lab.Config(service("strategic", complete)), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			// What is not known yet is not judged yet.
			Config: lab.Config("resource \"terraform_data\" \"later\" {\n  input = \"hsm-2\"\n}\n" + service("strategic", validated+`hsm = terraform_data.later.output
key_reference = "k"
key_management = "hyok"`)),
			ConfigPlanChecks: before(plancheck.ExpectUnknownValue(address, found)),
		},
	})
}
