package located

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// askAgain is how long the site is asked what a failed create left.
const askAgain = 30 * time.Second

// settle sets the id of what is known by now.
func (r *located[M, P]) settle(m *M) (Key, error) {
	b := P(m).base()
	k, _ := b.key()
	parsed, err := ParseKey(r.object.Kind(), k.String())
	if err != nil {
		return k, err
	}
	if parsed != k {
		return k, psn.Errorf(psn.InvalidInput, "tenant id %q is not in lower case: write %q, or the id of the psn_tenant", k.Tenant, parsed.Tenant)
	}
	b.setKey(k)
	return k, nil
}

// set writes m; what is not known yet is null in the state.
func (r *located[M, P]) set(ctx context.Context, state *tfsdk.State, id *tfsdk.ResourceIdentity, m *M, k Key) diag.Diagnostics {
	diags := state.Set(ctx, m)
	if diags.HasError() {
		return diags
	}
	raw, err := tftypes.Transform(state.Raw, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !v.IsKnown() {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		return v, nil
	})
	if err != nil {
		diags.AddError("Unable to write the state", err.Error())
		return diags
	}
	state.Raw = raw
	if id != nil {
		diags.Append(id.Set(ctx, identityOf(k))...)
	}
	return diags
}

// stood is the ref of the object that stands before any is made, null when there
// is none.
func (r *located[M, P]) stood(ctx context.Context, at *platform.Site, m M) (types.String, error) {
	switch err := r.object.Read(ctx, at, &m); {
	case err == nil:
		return P(&m).base().Ref, nil
	case psn.Is(err, psn.NotFound):
		return types.StringNull(), nil
	default:
		return types.StringNull(), fmt.Errorf("find out whether one stands, before any is made: %w", err)
	}
}

// stands tells whether a create that failed left an object of ours, which it
// then knows by its ref. One of which nothing is known but its name is not kept:
// what is found by that name later may be somebody else's.
func (r *located[M, P]) stands(ctx context.Context, at *platform.Site, m *M, failure error, diags *diag.Diagnostics) bool {
	made := known(P(m).base().Ref) // only a later step failed, whatever for
	switch psn.CodeOf(failure) {
	case psn.InvalidInput, psn.AlreadyExists, psn.Unsupported, psn.Untrusted, psn.Unauthenticated:
		if !made {
			return false // refused, or somebody else's
		}
	case psn.NotFound, psn.Conflict, psn.Forbidden, psn.Unavailable, psn.Exhausted, psn.Stale, psn.Corrupt, psn.Internal:
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askAgain)
	defer cancel()
	seen := *m
	err := r.object.Read(ctx, at, &seen)
	switch {
	case psn.Is(err, psn.NotFound):
		return false
	case err == nil:
		P(m).base().Ref = P(&seen).base().Ref
	case !made:
		k, _ := P(m).base().key()
		diags.AddWarning(fmt.Sprintf("Whether %s was made is not known", r.describe(k)),
			fmt.Sprintf("The site did not tell after the failure: %v. It is not in the state, so that nothing of somebody else's is deleted for it.\n\n"+
				"What to do: apply again when the site answers; the apply says so if one stands by then.", err))
		return false
	}
	return true
}

func known(v types.String) bool { return !v.IsNull() && !v.IsUnknown() }
