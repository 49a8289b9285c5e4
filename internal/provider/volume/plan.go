package volume

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Validate implements located.Object.
func (volume) Validate(c model) diag.Diagnostics {
	var diags diag.Diagnostics
	if p := c.On(); p != "" {
		if err := driver.NotionVolume.On(p); err != nil {
			diags.Append(diagnose.UnableAt(path.Root("platform"), "plan", "the volume", err))
		}
	}
	if c.AttachedTo.IsNull() || c.AttachedTo.IsUnknown() {
		return diags
	}
	id, err := psn.ParseVMID(c.AttachedTo.ValueString())
	if err == nil && !c.TenantID.IsUnknown() && id.Tenant() != c.Tenant() {
		err = psn.Errorf(psn.InvalidInput, "attached_to %q is a machine of tenant %q, the volume is of tenant %q", id, id.Tenant(), c.Tenant())
	}
	if err != nil {
		diags.Append(diagnose.UnableAt(path.Root("attached_to"), "plan", "the volume", err))
	}
	return diags
}

// Plan implements located.Object.
func (volume) Plan(c model, plan *model, prior *model) (replace []path.Path, diags diag.Diagnostics) {
	if prior == nil {
		return nil, nil
	}
	for _, a := range []struct {
		name        string
		config, was types.String
		plan        *types.String
	}{
		{"storage_class", c.StorageClass, prior.StorageClass, &plan.StorageClass},
		{"zone", c.Zone, prior.Zone, &plan.Zone},
		{"image", c.Image, prior.Image, &plan.Image},
	} {
		switch {
		case a.config.IsNull() && a.name != "image":
			*a.plan = a.was
		case !a.config.IsNull() && !a.was.IsNull() && !a.config.Equal(a.was):
			replace = append(replace, path.Root(a.name))
			diags.AddAttributeWarning(path.Root(a.name), fmt.Sprintf("What is on volume %q will be lost", prior.ID.ValueString()),
				fmt.Sprintf("Its %s changes from %q: the volume of %d GiB is deleted and an empty one made in its place.", a.name, a.was.ValueString(), prior.SizeGiB.ValueInt64()))
		}
	}
	if was, is := prior.SizeGiB, plan.SizeGiB; len(replace) == 0 && !is.IsUnknown() && is.ValueInt64() < was.ValueInt64() {
		diags.Append(diagnose.UnableAt(path.Root("size_gib"), "shrink", fmt.Sprintf("volume %q", prior.ID.ValueString()),
			psn.Errorf(psn.InvalidInput, "it has %d GiB, %d are asked for: a volume never shrinks, because what is on it could be cut off. Keep the size, or make another, smaller volume",
				was.ValueInt64(), is.ValueInt64())))
	}
	return replace, diags
}
