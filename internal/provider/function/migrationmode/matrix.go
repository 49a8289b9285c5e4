package migrationmode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Outcomes of the matrix.
const (
	Admissible  = "admissible"
	Conditional = "conditional"
	NotFundable = "not fundable"
	Impossible  = "impossible"
)

// Verdict is one cell of the matrix. Mode is "" unless the outcome is
// admissible or conditional.
type Verdict struct {
	Mode        string // "A" trasferimento (re-host), "B" aggiornamento (replace, replatform)
	Outcome     string
	Explanation string
}

// Source is where the matrix comes from.
const Source = "notice 1.2 \"Abilitazione al cloud\" for provinces and metropolitan cities, slides of the notice and FAQ 002-measure-1-2/001 and 003"

// origins and destinations in the order they are listed to people. "qualified"
// says that the origin cloud service is already qualified by ACN.
var (
	origins      = []string{"on-premise-unstructured", "on-premise-structured", "iaas", "iaas-qualified", "paas", "paas-qualified", "saas"}
	destinations = []string{"iaas", "paas", "saas"}
)

var (
	modeA         = Verdict{"A", Admissible, "mode A, trasferimento: the service moves as it is (Lift&Shift) to qualified infrastructure"}
	modeB         = Verdict{"B", Admissible, "mode B, aggiornamento: the service is replaced or replatformed"}
	sameOrLess    = Verdict{"", NotFundable, "not fundable: the service is already in the cloud and would gain nothing"}
	officeTools   = Verdict{"", NotFundable, "not fundable: generic office tools are not software of the service, moving them as they are is not a migration"}
	nothingToPort = Verdict{"", Impossible, "impossible: generic office tools have no application that a platform could run"}
	leavesBad     = Verdict{"B", Admissible, "mode B, aggiornamento: admissible because the origin is not qualified"}
	secondStep    = Verdict{"B", Conditional, "mode B only if on-premise to IaaS happened after 1 February 2020 as the first step of the same migration; otherwise not fundable, the origin being qualified already"}
	alreadyGood   = Verdict{"", NotFundable, "not fundable: the origin is qualified already"}
)

// matrix is keyed by origin; the cells follow destinations.
var matrix = map[string][3]Verdict{
	"on-premise-unstructured": {officeTools, nothingToPort, modeB},
	"on-premise-structured":   {modeA, modeB, modeB},
	"iaas":                    {sameOrLess, leavesBad, leavesBad},
	"iaas-qualified":          {sameOrLess, secondStep, secondStep},
	"paas":                    {sameOrLess, sameOrLess, leavesBad},
	"paas-qualified":          {sameOrLess, sameOrLess, alreadyGood},
	"saas":                    {sameOrLess, sameOrLess, sameOrLess},
}

// Mode looks the pair up.
func Mode(origin, destination string) (Verdict, error) {
	row, ok := matrix[origin]
	if !ok {
		return Verdict{}, psn.Errorf(psn.InvalidInput, "unknown origin %q: use one of %s", origin, quoted(origins))
	}
	col := slices.Index(destinations, destination)
	if col < 0 {
		return Verdict{}, psn.Errorf(psn.InvalidInput, "unknown destination %q: use one of %s", destination, quoted(destinations))
	}
	return row[col], nil
}

func quoted(vs []string) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, ", ")
}
