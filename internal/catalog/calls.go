package catalog

import (
	_ "embed" // data files
	"slices"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

//go:embed calls.json
var callsJSON []byte

// Call is a funding call as dated data. Dates are "YYYY-MM-DD", "" when the
// sources do not give them; amounts are whole euro.
type Call struct {
	ID             string           `json:"id"`
	Measure        string           `json:"measure"` // "1.1" or "1.2" of PNRR M1C1
	Italian        string           `json:"it"`
	English        string           `json:"en"`
	Beneficiaries  []string         `json:"beneficiaries"`
	Destination    string           `json:"destination"` // "psn" or "qualified-cloud"
	Windows        []Window         `json:"windows"`
	Decrees        []Decree         `json:"decrees"`
	BudgetEuro     int64            `json:"budget_euro,omitempty"`
	Grant          *Grant           `json:"grant,omitempty"` // nil when the amount follows no published formula
	Services       Count            `json:"services"`
	ListedServices map[string]int64 `json:"listed_services,omitempty"` // services the notice lists, by beneficiary
	EarliestStart  string           `json:"earliest_start"`            // of activities that may be paid
	Steps          []Step           `json:"steps"`
	FixedEnds      []FixedEnd       `json:"fixed_ends,omitempty"`
	LatestEnd      string           `json:"latest_end,omitempty"` // caps whatever the steps give
	Caps           *Caps            `json:"caps,omitempty"`
	Excluded       []Exclusion      `json:"excluded_products,omitempty"`
	CUP            *CUPTemplate     `json:"cup,omitempty"`
	KeepYears      int64            `json:"keep_years"`       // services stay at least this long after 31 December of the year of payment
	Matrix         string           `json:"matrix,omitempty"` // id of the admissibility matrix, "" when the call knows no modes
	Note           string           `json:"note,omitempty"`
	Citation       string           `json:"citation"`
}

// Window is a period in which candidatures are accepted; Opens is "" when the
// sources read do not give it.
type Window struct {
	Opens  string `json:"opens"`
	Closes string `json:"closes"`
}

// Decree is a funding decree of a call.
type Decree struct {
	Number   string `json:"number"`
	Date     string `json:"date"`
	Projects int64  `json:"projects"`
}

// Count bounds a number; Max is 0 when there is no upper bound.
type Count struct {
	Min int64 `json:"min"`
	Max int64 `json:"max,omitempty"`
}

// Caps are the largest numbers of machines that a candidature may hold.
type Caps struct {
	Servers         int64 `json:"servers"`
	VirtualMachines int64 `json:"virtual_machines"`
}

// Exclusion is a product of the PSN that a class may not use under the call.
type Exclusion struct {
	Class   psn.Classification `json:"class"`
	Product string             `json:"product"`
}

// CUPTemplate is the template under which the CUP is asked for, and within how
// many days of the notice of admissibility (0 when the sources do not say).
type CUPTemplate struct {
	Template string `json:"template"`
	Days     int64  `json:"days"`
}

type callTable struct {
	Source string `json:"source"`
	Calls  []Call `json:"calls"`
}

var loadCalls = sync.OnceValue(func() callTable {
	var t callTable
	mustParse("calls.json", callsJSON, &t)
	return t
})

// Calls returns the funding calls in the order of the data. The slices inside
// are shared: do not change them.
func Calls() []Call { return slices.Clone(loadCalls().Calls) }

// CallOf returns the call with the given id, or an Error with code
// InvalidInput that lists the ids.
func CallOf(id string) (Call, error) {
	var ids []string
	for _, c := range loadCalls().Calls {
		if c.ID == id {
			return c, nil
		}
		ids = append(ids, c.ID)
	}
	return Call{}, psn.Errorf(psn.InvalidInput, "unknown funding call %q: use one of %s", id, quoted(ids))
}

// State is whether a call takes candidatures on a day.
type State string

// States of a call.
const (
	Open     State = "open"
	Closed   State = "closed"
	NotKnown State = "not known" // before a window whose opening the sources do not give
)

// StateOn says whether the call takes candidatures on day.
func (c Call) StateOn(day Date) State {
	if len(c.Windows) == 0 {
		return NotKnown
	}
	state := Closed
	for _, w := range c.Windows {
		switch {
		case string(day) > w.Closes:
		case w.Opens == "":
			state = NotKnown
		case string(day) >= w.Opens:
			return Open
		}
	}
	return state
}

// CallsOn returns the calls of a measure ("" means any) that are in the given
// state on day.
func CallsOn(measure string, day Date, state State) []Call {
	var out []Call
	for _, c := range loadCalls().Calls {
		if (measure == "" || c.Measure == measure) && c.StateOn(day) == state {
			out = append(out, c)
		}
	}
	return out
}
