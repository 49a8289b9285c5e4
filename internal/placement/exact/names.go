package exact

// Names of the solver's exports, minified in its file, by their names in the
// HiGHS C interface. A test compares them with the package's own table.
var exports = map[string]string{
	"Highs_create":                       "F",
	"Highs_run":                          "N",
	"Highs_passLp":                       "U",
	"Highs_passMip":                      "V",
	"Highs_clearSolver":                  "ga",
	"Highs_setBoolOptionValue":           "ia",
	"Highs_setIntOptionValue":            "ja",
	"Highs_setDoubleOptionValue":         "ka",
	"Highs_setStringOptionValue":         "la",
	"Highs_setSparseSolution":            "Wa",
	"Highs_getModelStatus":               "Ga",
	"Highs_getSolution":                  "Ea",
	"Highs_getDualRay":                   "Ha",
	"Highs_getIntInfoValue":              "Aa",
	"Highs_getInt64InfoValue":            "Ca",
	"Highs_getDoubleInfoValue":           "Ba",
	"Highs_changeColsCostByRange":        "qb",
	"Highs_changeColsBoundsByMask":       "wb",
	"Highs_changeRowsBoundsByMask":       "Ab",
	"Highs_changeColsIntegralityByRange": "lb",
	"malloc":                             "uc",
	"free":                               "tc",
}

// constructors runs the solver's static initialisers.
const constructors = "v"

// Names of what the solver asks of its host.
const (
	hostThrow      = "a" // __cxa_throw
	hostExit       = "b"
	hostNow        = "c" // milliseconds, monotonic
	hostClose      = "d"
	hostFcntl      = "e"
	hostWrite      = "f"
	hostRead       = "g"
	hostIoctl      = "h"
	hostOpen       = "i"
	hostDate       = "j" // milliseconds
	hostAbort      = "k"
	hostTimer      = "l"
	hostTimeZone   = "m"
	hostEnviron    = "n"
	hostEnvironLen = "o"
	hostClock      = "p" // nanoseconds
	hostGrow       = "q" // memory
	hostProcExit   = "r"
	hostSeek       = "t"
)
