package migration

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// hopeless are the codes that another attempt cannot change.
var hopeless = map[psn.Code]bool{
	psn.InvalidInput:    true,
	psn.NotFound:        true,
	psn.AlreadyExists:   true,
	psn.Conflict:        true,
	psn.Unauthenticated: true,
	psn.Forbidden:       true,
	psn.Untrusted:       true,
	psn.Exhausted:       true,
	psn.Unsupported:     true,
	psn.Corrupt:         true,
}

// wire makes err travel to the workflow with its code as type. The engine
// retries what may get better by itself.
func wire(ctx context.Context, err error) error {
	return coded(ctx, err, func(c psn.Code) bool { return hopeless[c] })
}

// stubborn is wire for steps that must not be given up, like bringing the
// source back: everything but a machine that is gone is tried again.
func stubborn(ctx context.Context, err error) error {
	return coded(ctx, err, func(c psn.Code) bool { return c == psn.NotFound })
}

func coded(ctx context.Context, err error, final func(psn.Code) bool) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), errStopping):
		err = errStopping // whatever it broke on the way down
	case ctx.Err() != nil:
		return ctx.Err() // cancelled by the workflow
	}
	code := psn.CodeOf(err)
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(code), temporal.ApplicationErrorOptions{NonRetryable: final(code)})
}

// unwire is the reason in an error that came through the engine, and its code.
func unwire(err error) (string, psn.Code) {
	if t := (*temporal.TimeoutError)(nil); errors.As(err, &t) {
		if last := t.Unwrap(); last != nil {
			reason, code := unwire(last)
			return "out of time: " + reason, code
		}
		what := "a step"
		if act := (*temporal.ActivityError)(nil); errors.As(err, &act) {
			what = act.ActivityType().GetName()
		}
		return "out of time in " + what, psn.Unavailable
	}
	if app := (*temporal.ApplicationError)(nil); errors.As(err, &app) {
		return app.Message(), psn.Code(app.Type())
	}
	return err.Error(), psn.CodeOf(err)
}
