package finding

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestDayOfRecord(t *testing.T) {
	spanning := map[string]attr.Type{"date": types.StringType, "expiry": types.StringType}
	derogated := func(date, expiry types.String) types.List {
		return types.ListValueMust(types.ObjectType{AttrTypes: spanning}, []attr.Value{types.ObjectValueMust(spanning, map[string]attr.Value{"date": date, "expiry": expiry})})
	}
	closed := func(until types.String) types.List {
		t := map[string]attr.Type{"site": types.StringType, "until": types.StringType}
		return types.ListValueMust(types.ObjectType{AttrTypes: t}, []attr.Value{types.ObjectValueMust(t, map[string]attr.Value{"site": types.StringValue("acilia"), "until": until})})
	}
	day := types.StringValue
	for name, tc := range map[string]struct {
		is, was types.String
		list    types.List
		want    types.String
	}{
		"nothing dated":          {day("2026-11-22"), day("2026-11-01"), types.ListNull(types.StringType), day("2026-11-01")},
		"list not known":         {day("2026-11-22"), day("2026-11-01"), types.ListUnknown(types.StringType), day("2026-11-01")},
		"none before":            {day("2026-11-22"), types.StringNull(), derogated(day("2026-01-10"), day("2026-12-31")), day("2026-11-22")},
		"none any more":          {types.StringNull(), day("2026-11-01"), derogated(day("2026-01-10"), day("2026-12-31")), types.StringNull()},
		"not known":              {types.StringUnknown(), day("2026-11-01"), derogated(day("2026-01-10"), day("2026-12-31")), types.StringUnknown()},
		"in force on both":       {day("2026-12-31"), day("2026-01-10"), derogated(day("2026-01-10"), day("2026-12-31")), day("2026-01-10")},
		"expired since":          {day("2027-01-01"), day("2026-11-01"), derogated(day("2026-01-10"), day("2026-12-31")), day("2027-01-01")},
		"expired on both":        {day("2027-02-01"), day("2027-01-01"), derogated(day("2026-01-10"), day("2026-12-31")), day("2027-01-01")},
		"begun since":            {day("2026-11-22"), day("2026-11-01"), derogated(day("2026-11-20"), day("2026-12-31")), day("2026-11-22")},
		"an earlier day":         {day("2026-11-01"), day("2026-11-22"), derogated(day("2026-11-20"), day("2026-12-31")), day("2026-11-01")},
		"dates not known":        {day("2026-11-22"), day("2026-11-01"), derogated(types.StringUnknown(), types.StringUnknown()), day("2026-11-01")},
		"closed on both":         {day("2026-11-22"), day("2026-11-01"), closed(day("2026-11-22")), day("2026-11-01")},
		"open since":             {day("2026-11-23"), day("2026-11-01"), closed(day("2026-11-22")), day("2026-11-23")},
		"closed without an end":  {day("2026-11-23"), day("2026-11-01"), closed(types.StringNull()), day("2026-11-01")},
		"closed till not known ": {day("2026-11-23"), day("2026-11-01"), closed(types.StringUnknown()), day("2026-11-01")},
	} {
		if got := DayOfRecord(tc.is, tc.was, tc.list); !got.Equal(tc.want) {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
