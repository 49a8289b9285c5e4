package fundingcall

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func text(doc string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
}

func number(doc string) schema.Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: doc}
}

func texts(doc string) schema.Attribute {
	return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: doc}
}

func objects(doc string, attrs map[string]schema.Attribute) schema.Attribute {
	return schema.ListNestedAttribute{Computed: true, MarkdownDescription: doc, NestedObject: schema.NestedAttributeObject{Attributes: attrs}}
}

func callSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "The table of a funding call for cloud migration, as dated data in the provider: windows, decrees, amounts, terms, caps and admissible moves. " +
			"Every call in it is closed; the table serves the projects that were funded and their controls. Dates are `YYYY-MM-DD`, amounts whole euro; null means that the sources read do not say.",
		Attributes: map[string]schema.Attribute{
			"id":            schema.StringAttribute{Required: true, MarkdownDescription: "Id of the call, for example `pnrr-1.2-province-2025`. A wrong one is answered with the list."},
			"on":            schema.StringAttribute{Optional: true, MarkdownDescription: "Day for which `state` is told, `YYYY-MM-DD`."},
			"state":         text("Whether the call takes candidatures on that day: `open`, `closed` or `not known`; null without `on`."),
			"measure":       text("PNRR measure, `1.1` or `1.2`."),
			"italian":       text("Name in Italian."),
			"english":       text("Name in English."),
			"destination":   text("`psn` or `qualified-cloud`."),
			"beneficiaries": texts("Who may take part."),
			"windows": objects("Periods in which candidatures were accepted.", map[string]schema.Attribute{
				"opens": text("First day."), "closes": text("Last day."),
			}),
			"decrees": objects("Funding decrees.", map[string]schema.Attribute{
				"number": text("Number of the decree."), "date": text("Date of the decree."), "projects": number("Projects funded."),
			}),
			"budget_euro":         number("Budget of the call."),
			"lump_sum_euro":       number("Paid once to every project, for the first year's cloud fee."),
			"transfer_euro":       number("Paid for every service in mode A (trasferimento)."),
			"upgrade_euro":        number("Paid for every service in mode B (aggiornamento)."),
			"min_services":        number("Least services in one candidature."),
			"max_services":        number("Most services in one candidature."),
			"earliest_start":      text("Activities that started earlier are not paid (rule FND-002)."),
			"latest_end":          text("No project ends later, whatever its terms give (rule FND-003)."),
			"max_servers":         number("Most physical servers in one candidature (rule FND-005)."),
			"max_virtual_servers": number("Most virtual machines in one candidature (rule FND-005)."),
			"cup_template":        text("Template under which the CUP is asked for."),
			"cup_days":            number("Days within which the CUP is given after the notice of admissibility."),
			"keep_years":          number("Years after 31 December of the year of payment for which a paid service is kept (rule FND-006)."),
			"steps": objects("Terms, in order. Several steps with one id differ by the amount of the grant: the first that admits it applies.", map[string]schema.Attribute{
				"id": text("What must be done."), "days": number("Length in days."), "months": number("Length in months."),
				"up_to_grant_euro": number("Greatest grant for which the step applies."), "from": text("Where the term runs from: `decree` or `previous`."),
			}),
			"fixed_ends": objects("Ends written as dates, by the amount of the grant.", map[string]schema.Attribute{
				"up_to_grant_euro": number("Greatest grant for which the end applies."), "end": text("Last day."),
			}),
			"moves": objects("Admissibility matrix (rule MIG-001); empty when the call knows no modes.", map[string]schema.Attribute{
				"origin": text("Where the service runs before."), "destination": text("Where it goes."), "mode": text("`A`, `B` or null."),
				"outcome": text("`admissible`, `conditional`, `not fundable` or `impossible`."), "explanation": text("Why, in words."),
			}),
			"note":     text("What the sources leave open."),
			"citation": text("Source of the table."),
		},
	}
}
