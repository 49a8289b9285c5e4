package located

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// tenantID accepts ids of tenants, as they are written: in lower case.
type tenantID struct{}

func (tenantID) Description(context.Context) string             { return "the id of a tenant, for example p_bs" }
func (v tenantID) MarkdownDescription(c context.Context) string { return v.Description(c) }

func (tenantID) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	given := req.ConfigValue.ValueString()
	id, err := psn.TenantOf(given)
	if err == nil && string(id) != given {
		err = psn.Errorf(psn.InvalidInput, "tenant id %q is not in lower case: write %q, or the id of the psn_tenant", given, id)
	}
	if err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Unable to accept the tenant id", err.Error())
	}
}

// label accepts DNS labels.
type label struct{ kind string }

func (label) Description(context.Context) string {
	return "1 to 63 lower-case letters, digits and inner hyphens"
}
func (v label) MarkdownDescription(c context.Context) string { return v.Description(c) }

func (v label) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := psn.CheckName(v.kind+" name", req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Unable to accept the "+v.kind+"'s name", err.Error())
	}
}

// Description accepts what every platform keeps as it is: one line of at most
// 200 characters, without spaces around it.
func Description() validator.String {
	return stringvalidator.RegexMatches(regexp.MustCompile(`^\S(.{0,198}\S)?$`), "must be one line of 1 to 200 characters, without spaces around it")
}
