package virtualmachine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/provider/classes"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// evidenceKey names, in the private state, the class that the service declared
// in the plan. The apply runs in another process, where a service that does not
// change is not seen.
const evidenceKey = "service_class"

// private is private state that can be read.
type private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// notes is private state that can be written.
type notes interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func (m model) use() classes.Use {
	return classes.Use{Machine: m.vmid(), Service: psn.ServiceID(m.ServiceID.ValueString()), Class: psn.Classification(m.Classification.ValueString())}
}

// accept refuses a machine whose class is lower than that of its service.
func (r *vmResource) accept(m model, diags *diag.Diagnostics) {
	finding.Report(diags, r.data.Classes().Rely(m.use()),
		func(psn.Finding) string { return diagnose.Summary("place", describe(m.ID, m.Name)) },
		func(psn.Finding) path.Path { return path.Root("classification") })
}

// remember keeps what the service declares, for the apply of this plan.
func (r *vmResource) remember(ctx context.Context, m model, into notes) diag.Diagnostics {
	c, _ := r.data.Classes().Of(m.use().Service)
	b, err := json.Marshal(string(c))
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to keep the class of the service", err.Error())}
	}
	return into.SetKey(ctx, evidenceKey, b)
}

// mayLower reports whether the service itself is known to be of no higher class
// than the machine asks for.
func (r *vmResource) mayLower(ctx context.Context, m model, from private) bool {
	of, ok := r.data.Classes().Of(m.use().Service)
	if !ok {
		b, _ := from.GetKey(ctx, evidenceKey)
		var c string
		if json.Unmarshal(b, &c) == nil {
			of = psn.Classification(c)
		}
	}
	return of.Rank() > 0 && of.Rank() <= m.use().Class.Rank()
}

// lowered is the error for a machine that stands as was and would become less
// without its service having been reclassified.
func (m model) lowered(was psn.Classification) error {
	return psn.Errorf(psn.InvalidInput,
		"CLS-003: the machine stands as %s of service %q and would become %s, but the service is not seen here with a class that low: "+
			"lower the class in psn_service, with reclassification, and take service_id and classification from it (psn_service.….id and .classification)",
		was, m.ServiceID.ValueString(), m.Classification.ValueString())
}

// mayChange checks an update against what stands, before anything is changed.
func (r *vmResource) mayChange(ctx context.Context, m, state model, active seen, standby *seen, evidence private) error {
	for _, f := range []*seen{&active, standby} {
		if f == nil {
			continue
		}
		if err := state.ours(*f); err != nil {
			return err
		}
		if was := f.vm.Classification; was.Rank() > m.use().Class.Rank() && !r.mayLower(ctx, m, evidence) {
			return m.lowered(was)
		}
	}
	if fs := r.data.Classes().Rely(m.use()); len(fs) > 0 {
		return psn.Errorf(psn.InvalidInput, "%s: %s", fs[0].Rule, fs[0].Message)
	}
	if m.home() != state.home() && active.spot() != m.home() {
		return psn.Errorf(psn.Conflict, "the machine stands at %s, not at %s: a machine is not moved by changing its attributes", active.spot(), m.home())
	}
	return nil
}

func (s spot) String() string {
	return fmt.Sprintf("%s, cluster %s (%s)", s.site, s.cluster, s.platform)
}
