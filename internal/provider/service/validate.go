package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// check validates a known, non-null string.
func check(req validator.StringRequest, resp *validator.StringResponse, what string, ok func(string) error) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := ok(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("Unable to accept the %s %q", what, req.Path), fmt.Sprintf("%s: %s.", req.Path, err))
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

type category struct{}

func (category) Description(context.Context) string               { return "one of the ten categories" }
func (v category) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }
func (category) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	v := req.ConfigValue
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if _, ok := catalog.CategoryOf(v.ValueString()); !ok {
		resp.Diagnostics.AddAttributeWarning(req.Path, fmt.Sprintf("Unknown category %q", v.ValueString()),
			"The catalogue of services has "+categories()+".\n\nWhat to do: use one of them, so that services of the same category are found together.")
	}
}

// categories lists the ids of the catalogue.
func categories() string {
	var ids []string
	for _, c := range catalog.Categories() {
		ids = append(ids, "`"+c.ID+"`")
	}
	return strings.Join(ids, ", ")
}
