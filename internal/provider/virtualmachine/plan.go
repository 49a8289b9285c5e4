package virtualmachine

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ModifyPlan implements resource.ResourceWithModifyPlan. It reads no site.
func (r *vmResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan model
	var prior *model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if prior != nil {
		defer func() { resp.Diagnostics = yetDestroyable(resp.Diagnostics) }()
	}
	m, diags := resolve(config)
	resp.Diagnostics.Append(diags...)
	m.PowerState = plan.PowerState // with its default
	if prior != nil && differs(prior.ID, m.ID) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("id"))
		prior = nil
	}
	if req.State.Raw.IsNull() && m.ID.ValueString() != "" {
		if err := r.data.Claim("virtual machine", m.ID.ValueString()); err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("name"), "plan", describe(m.ID, m.Name), err))
		}
	}
	if prior == nil {
		m.cutBoot(&resp.Diagnostics)
	}
	m.observe(prior, config.DisplayName.IsNull())
	if !resp.Diagnostics.HasError() {
		r.accept(m, &resp.Diagnostics)
	}
	if prior != nil {
		m.stay(config, *prior, &resp.Diagnostics)
		m.change(config, *prior, pastOf(ctx, req.Private), &resp.Diagnostics)
		if was := prior.use().Class; !resp.Diagnostics.HasError() && m.use().Class.Rank() > 0 && was.Rank() > m.use().Class.Rank() && !r.mayLower(ctx, m, req.Private) {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("classification"), "lower the class of", describe(m.ID, m.Name), m.lowered(was)))
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	m.UserDataWO, m.VendorDataWO = types.StringNull(), types.StringNull()
	m.Disruption = m.disruption(prior, adopting(ctx, req.Private) != nil)
	if prior != nil && isGone(ctx, req.Private) {
		m.returned()
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// cutBoot warns of a first boot that is cut off: Nova makes no server that does
// not start.
func (m model) cutBoot(diags *diag.Diagnostics) {
	if m.Platform.ValueString() != string(psn.OpenStack) || m.Image.IsNull() || m.PowerState.ValueString() != string(psn.PoweredOff) {
		return
	}
	diags.AddAttributeWarning(path.Root("power_state"), fmt.Sprintf("The first boot of %s will be cut off", describe(m.ID, m.Name)),
		"OpenStack makes no machine that does not start: this one begins its first boot and is shut down in it, so that what cloud-init had begun is not done again at the next start.\n\n"+
			"What to do: make it with power_state \"on\", and turn it off when its first boot has ended.")
}

// differs reports whether a known value changes. A machine is replaced only
// when its natural id becomes another one, never for its place.
func differs(was, is types.String) bool {
	return !was.IsNull() && !is.IsUnknown() && !was.Equal(is)
}

// observe foretells what will be observed. A machine that stands keeps the name
// people see while none is declared (unnamed).
func (m *model) observe(prior *model, unnamed bool) {
	if prior != nil {
		m.ActiveSite, m.MACAddresses = prior.ActiveSite, prior.MACAddresses
		if m.SecurityGroups.IsNull() {
			m.SecurityGroups = prior.SecurityGroups
		}
		if unnamed && !prior.DisplayName.IsNull() {
			m.DisplayName = prior.DisplayName
		}
		return
	}
	m.ActiveSite = m.Site
	m.MACAddresses = types.ListUnknown(types.StringType)
	m.Disks, m.NICs = foretellDisks(m.Disks), foretellCards(m.NICs)
	if m.SecurityGroups.IsNull() && (m.Platform.IsUnknown() || driver.NotionSecurityGroup.On(psn.Platform(m.Platform.ValueString())) == nil) {
		m.SecurityGroups = types.SetUnknown(types.StringType)
	}
}

// stay keeps the machine where it was observed: no attribute moves it. A place
// written in the configuration may only be the one where it stands; one that a
// placement decided is left aside with a warning.
func (m *model) stay(config, prior model, diags *diag.Diagnostics) {
	if m.Site.IsUnknown() || m.Platform.IsUnknown() || m.Cluster.IsUnknown() || prior.Site.IsNull() || prior.ActiveSite.IsNull() {
		return
	}
	want, have := m.home(), prior.home()
	arrived := want.site != have.site && m.Site.Equal(prior.ActiveSite) // moved by other means; the update checks the cluster
	if want == have || arrived {
		return
	}
	byHand := false
	for name, v := range map[string]types.String{"site": config.Site, "platform": config.Platform, "cluster": config.Cluster} {
		byHand = byHand || !v.IsNull() && !v.Equal(map[string]types.String{"site": prior.Site, "platform": prior.Platform, "cluster": prior.Cluster}[name])
	}
	text := fmt.Sprintf("It stands at %s; %s is asked for. Changing an attribute moves no machine.", have, want)
	if byHand {
		diags.AddAttributeError(path.Root("cluster"), "Unable to move "+describe(m.ID, m.Name),
			text+"\n\nWhat to do: write the place where it stands, or move it with the platform's own means first.")
		return
	}
	diags.AddAttributeWarning(path.Root("placement"), describe(m.ID, m.Name)+" stays where it is",
		text+"\n\nWhat to do: move it with the platform's own means; the next plan takes the new place over.")
	m.Site, m.Platform, m.Cluster, m.HomeSite, m.Region = prior.Site, prior.Platform, prior.Cluster, prior.HomeSite, prior.Region
}

// change checks an update against what stands.
func (m *model) change(config, prior model, was past, diags *diag.Diagnostics) {
	m.growDisks(config, prior, diags)
	m.growCards(config, prior, diags)
	m.keepGuest(config, prior, was, diags)
	if site := prior.StandbySite.ValueString(); site != "" && m.StandbySite.IsNull() {
		diags.AddAttributeWarning(path.Root("standby_site"), "The standby of "+describe(m.ID, m.Name)+" will be deleted",
			fmt.Sprintf("It stands at %s, cluster %s. Afterwards nothing is reserved for this machine at another site: should its site be lost, it is lost too.",
				site, prior.StandbyCluster.ValueString()))
	}
	on := prior.PowerState.ValueString() == string(psn.PoweredOn) || prior.PowerState.ValueString() == string(psn.Unsettled)
	resized := changed(prior.VCPUs, m.VCPUs) || changed(prior.MemoryGiB, m.MemoryGiB)
	if on && resized {
		diags.AddAttributeWarning(path.Root("vcpus"), fmt.Sprintf("Resizing restarts %s", describe(m.ID, m.Name)),
			"The guest is shut down, the size changed and the machine started again: plan for the interruption.")
	}
	if active := prior.ActiveSite; !active.IsNull() && !m.Site.IsUnknown() && !active.Equal(m.Site) {
		diags.AddAttributeWarning(path.Root("home_site"), fmt.Sprintf("%s runs away from home", describe(m.ID, m.Name)),
			fmt.Sprintf("Its home is %s, it was last seen active at %s. This resource moves nothing by itself.", m.Site.ValueString(), active.ValueString()))
	}
}

func changed(was, is types.Int64) bool {
	return !was.IsNull() && !is.IsUnknown() && was.ValueInt64() != is.ValueInt64()
}

// yetDestroyable adds to refusals how to destroy the machine all the same. Before
// a destroy the CLI refreshes by a whole plan, in which it asks for the change to
// what is declared as it does for an apply; nothing in its question tells the two
// apart. Without a refresh there is no such plan.
func yetDestroyable(refused diag.Diagnostics) diag.Diagnostics {
	out := diag.Diagnostics{}
	for _, d := range refused {
		if d.Severity() == diag.SeverityError {
			text := d.Detail() + "\n\nTo destroy the machine as it stands, add -refresh=false to the destroy, which leaves this check out."
			if at, ok := d.(diag.DiagnosticWithPath); ok {
				d = diag.NewAttributeErrorDiagnostic(at.Path(), d.Summary(), text)
			} else {
				d = diag.NewErrorDiagnostic(d.Summary(), text)
			}
		}
		out.Append(d)
	}
	return out
}
