package service

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// check validates a known, non-null string.
func check(req validator.StringRequest, resp *validator.StringResponse, what string, ok func(string) error) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := ok(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Unable to accept the "+what, err.Error()+".")
	}
}

type dnsLabel struct{}

func (dnsLabel) Description(context.Context) string {
	return "lower-case letters, digits and inner hyphens"
}
func (v dnsLabel) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }
func (dnsLabel) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	check(req, resp, "name", func(s string) error { return psn.CheckName("name", s) })
}

type durationString struct{}

func (durationString) Description(context.Context) string               { return "a positive duration such as 15m" }
func (v durationString) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }
func (durationString) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	check(req, resp, "duration", func(s string) error {
		if d, err := time.ParseDuration(s); err != nil || d <= 0 {
			return fmt.Errorf("%q is not a positive duration: use a number and a unit, for example \"15m\" or \"4h\"", s)
		}
		return nil
	})
}

type dateString struct{}

func (dateString) Description(context.Context) string               { return "a date YYYY-MM-DD" }
func (v dateString) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }
func (dateString) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	check(req, resp, "date", func(s string) error {
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return fmt.Errorf("%q is not a date: use YYYY-MM-DD", s)
		}
		return nil
	})
}
