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
func wire(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	code := psn.CodeOf(err)
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(code), temporal.ApplicationErrorOptions{
		NonRetryable: hopeless[code],
	})
}

// stubborn is wire for steps that must not be given up, like bringing the
// source back: everything but a machine that is gone is tried again.
func stubborn(err error) error {
	if err == nil || psn.CodeOf(err) == psn.NotFound {
		return wire(err)
	}
	return temporal.NewApplicationError(err.Error(), string(psn.CodeOf(err)))
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
