package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
)

// wholeNumber is what an integer cell of the attestation holds.
var wholeNumber = regexp.MustCompile(`^[0-9]{1,18}$`)

const keepTemplate = "keep the pre-filled template: its rows, columns and headers do not change"

func (e *evaluation) attestationIsIntact() {
	for _, a := range e.doc.Attestations {
		if e.unknown(a.ID, a.Unknown, "kind", "columns", "rows") {
			continue
		}
		fixed := catalog.AttestationColumns(a.Kind)
		if fixed == nil {
			e.fail(a.ID, fmt.Sprintf("attestation %s is of kind %q, which does not exist", a.ID, a.Kind), "use \"physical\" or \"vm\"")
			continue
		}
		if problem := headerProblem(a.Columns, fixed); problem != "" {
			e.fail(a.ID, fmt.Sprintf("attestation %s: %s", a.ID, problem), keepTemplate)
			continue
		}
		if a.ExpectedRows > 0 && int64(len(a.Rows)) != a.ExpectedRows {
			e.fail(a.ID, fmt.Sprintf("attestation %s has %d rows, the template has %d", a.ID, len(a.Rows), a.ExpectedRows), keepTemplate)
		}
		seen := map[string]bool{}
		for i, row := range a.Rows {
			if problem := rowProblem(row, a.Columns, fixed, seen); problem != "" {
				e.fail(a.ID, fmt.Sprintf("attestation %s, row %d: %s", a.ID, i+1, problem), "correct the row in the file")
			}
		}
	}
}

// headerProblem says how columns differ from the fixed ones and at least one
// service after them.
func headerProblem(columns []string, fixed []catalog.Column) string {
	for i, f := range fixed {
		if i >= len(columns) || columns[i] != f.Name {
			return fmt.Sprintf("column %d is not %q", i+1, f.Name)
		}
	}
	services := columns[len(fixed):]
	if len(services) == 0 {
		return "there is no column for a service"
	}
	sorted := slices.Sorted(slices.Values(services))
	if slices.ContainsFunc(sorted, func(v string) bool { return strings.TrimSpace(v) == "" }) || len(slices.Compact(slices.Clone(sorted))) < len(sorted) {
		return "a service column has no name, or that of another"
	}
	return ""
}

// rowProblem says what is wrong with a row; seen holds the identifiers of the
// rows before it.
func rowProblem(row, columns []string, fixed []catalog.Column, seen map[string]bool) string {
	if len(row) != len(columns) {
		return fmt.Sprintf("%d cells for %d columns", len(row), len(columns))
	}
	for i, f := range fixed {
		switch v := row[i]; {
		case strings.TrimSpace(v) == "":
			return fmt.Sprintf("%q is empty", f.Name)
		case f.Integer && !wholeNumber.MatchString(v):
			return fmt.Sprintf("%q is %q, not a whole number", f.Name, v)
		case f.Unique && seen[v]:
			return fmt.Sprintf("%q %s is in an earlier row", f.Name, v)
		case f.Unique:
			seen[v] = true
		}
	}
	marks := row[len(fixed):]
	if slices.ContainsFunc(marks, func(v string) bool { return v != "" && v != "X" }) {
		return "a service column holds something else than X"
	}
	if !slices.Contains(marks, "X") {
		return "no service is marked with X"
	}
	return ""
}
