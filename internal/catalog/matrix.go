package catalog

import (
	_ "embed" // data files
	"slices"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

//go:embed matrices.json
var matricesJSON []byte

// MoveOutcome is what a matrix says of a move.
type MoveOutcome string

// Outcomes of a matrix.
const (
	Admissible  MoveOutcome = "admissible"
	Conditional MoveOutcome = "conditional"
	NotFundable MoveOutcome = "not fundable"
	Impossible  MoveOutcome = "impossible"
)

// Modes of a migration.
const (
	ModeTransfer = "A" // trasferimento: re-host
	ModeUpgrade  = "B" // aggiornamento: replace or replatform
)

// Move is one cell of a matrix. Mode is "" unless the outcome is admissible or
// conditional; Since is the date a condition turns on, "" without one.
type Move struct {
	Mode    string      `json:"mode,omitempty"`
	Outcome MoveOutcome `json:"outcome"`
	Since   string      `json:"since,omitempty"`
	// Assumes names what the origin as written takes for granted ("origin not
	// qualified"), "" when nothing.
	Assumes string `json:"assumes,omitempty"`
	English string `json:"en"`
	Italian string `json:"it"`
}

// Matrix says which moves a call funds, by origin and destination.
type Matrix struct {
	ID           string                       `json:"id"`
	Citation     string                       `json:"citation"`
	Origins      []string                     `json:"origins"` // in the order they are listed to people
	Destinations []string                     `json:"destinations"`
	Verdicts     map[string]Move              `json:"verdicts"`
	Cells        map[string]map[string]string `json:"cells"` // origin, destination: id of the verdict
}

type matrixTable struct {
	Source   string   `json:"source"`
	Matrices []Matrix `json:"matrices"`
}

var loadMatrices = sync.OnceValue(func() matrixTable {
	var t matrixTable
	mustParse("matrices.json", matricesJSON, &t)
	return t
})

// Matrices returns every matrix. The maps inside are shared: do not change them.
func Matrices() []Matrix { return slices.Clone(loadMatrices().Matrices) }

// MatrixOf returns the matrix with the given id.
func MatrixOf(id string) (Matrix, bool) {
	for _, m := range loadMatrices().Matrices {
		if m.ID == id {
			return m, true
		}
	}
	return Matrix{}, false
}

// Transfers reports whether a service of that origin can move in mode A anywhere.
// Only then can it be funded in mode A and go further, by an improving migration.
func (m Matrix) Transfers(origin string) bool {
	return slices.ContainsFunc(m.Destinations, func(d string) bool { return m.Verdicts[m.Cells[origin][d]].Mode == ModeTransfer })
}

// Move looks a pair up; the Error names the field that is wrong and what it may be.
func (m Matrix) Move(origin, destination string) (Move, error) {
	if !slices.Contains(m.Origins, origin) {
		return Move{}, psn.Errorf(psn.InvalidInput, "unknown origin %q: use one of %s", origin, quoted(m.Origins))
	}
	if !slices.Contains(m.Destinations, destination) {
		return Move{}, psn.Errorf(psn.InvalidInput, "unknown destination %q: use one of %s", destination, quoted(m.Destinations))
	}
	return m.Verdicts[m.Cells[origin][destination]], nil
}
