package catalog

import (
	_ "embed" // data files
	"slices"
	"strings"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

//go:embed qualification.json
var qualificationJSON []byte

// Level is an ACN qualification level of a cloud service, "QC1" to "QC4".
type Level string

// Rank orders the levels from 1; 0 when l is not a level.
func (l Level) Rank() int { return slices.Index(loadLevels().Levels, l) + 1 }

type levelTable struct {
	Source  string                       `json:"source"`
	Levels  []Level                      `json:"levels"`
	Minimum map[psn.Classification]Level `json:"minimum"`
	Default Level                        `json:"default"`
}

var loadLevels = sync.OnceValue(func() levelTable {
	var t levelTable
	mustParse("qualification.json", qualificationJSON, &t)
	return t
})

// Levels returns the levels in ascending order.
func Levels() []Level { return slices.Clone(loadLevels().Levels) }

// MinimumLevel returns the lowest level admissible for a class (DD ACN
// 21007/24, art. 17 c. 4), "" when c is not a class.
func MinimumLevel(c psn.Classification) Level { return loadLevels().Minimum[c] }

// DefaultLevel returns the level of the PSN's own services in the ACN catalogue.
func DefaultLevel() Level { return loadLevels().Default }

// euCountries are the member states since 1 February 2020, ISO 3166-1 alpha-2.
const euCountries = " AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "

// InEU reports whether code is "EU" or the ISO 3166-1 code of a member state,
// in any case.
func InEU(code string) bool {
	code = strings.ToUpper(code)
	return code == "EU" || len(code) == 2 && strings.Contains(euCountries, " "+code+" ")
}
