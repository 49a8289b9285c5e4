package policy

import (
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// callFor returns the call named by subject, or reports the rule as undecidable.
func (e *evaluation) callFor(subject, id string, u Unknown) (catalog.Call, bool) {
	if e.unknown(subject, u, "call") {
		return catalog.Call{}, false
	}
	c, err := catalog.CallOf(id)
	if err != nil {
		e.add(e.rule.Severity, psn.Undecidable, subject, fmt.Sprintf("%s: %v", subject, err), "name a call of the catalogue")
	}
	return c, err == nil
}

func (e *evaluation) moveIsAdmitted() {
	for _, m := range e.doc.Migrations {
		if m.Call == "" && !m.Unknown.Has("call") {
			continue
		}
		call, ok := e.callFor(m.ID, m.Call, m.Unknown)
		if !ok {
			continue
		}
		matrix, ok := catalog.MatrixOf(call.Matrix)
		if !ok || e.unknown(m.ID, m.Unknown, "origin", "destination", "funded_mode") {
			continue // the call knows no modes
		}
		e.moveIsInMatrix(m, matrix)
	}
}

func (e *evaluation) moveIsInMatrix(m Migration, matrix catalog.Matrix) {
	cell, err := matrix.Move(m.Origin, m.Destination)
	switch {
	case err != nil:
		e.fail(m.ID, fmt.Sprintf("migration %s: %v", m.ID, err), "use the words of the call's matrix")
	case cell.Mode == "":
		e.fail(m.ID, fmt.Sprintf("migration %s from %s to %s: %s", m.ID, m.Origin, m.Destination, cell.English), "choose another destination, or take the service out of the candidature")
	case m.FundedMode != "" && m.FundedMode != catalog.ModeTransfer && m.FundedMode != catalog.ModeUpgrade:
		e.fail(m.ID, fmt.Sprintf("migration %s has mode %q, which does not exist", m.ID, m.FundedMode), "use \"A\" or \"B\"")
	case m.FundedMode == catalog.ModeUpgrade && cell.Mode == catalog.ModeTransfer:
		e.fail(m.ID, fmt.Sprintf("migration %s is funded in mode B, but from %s to %s is mode A", m.ID, m.Origin, m.Destination), "go to paas or saas, or change the candidature")
	case m.FundedMode == catalog.ModeTransfer && !matrix.Transfers(m.Origin):
		e.fail(m.ID, fmt.Sprintf("migration %s is funded in mode A, but nothing moves from %s in mode A: there is nothing that mode B could improve on", m.ID, m.Origin), "declare mode B, as the matrix of the call has it, or correct the candidature")
	case cell.Outcome == catalog.Conditional:
		e.firstStepIsRecent(m, cell)
	}
}

func (e *evaluation) firstStepIsRecent(m Migration, cell catalog.Move) {
	if e.unknown(m.ID, m.Unknown, "first_step") {
		return
	}
	if m.FirstStep == "" {
		e.undecided(e.rule.Severity, m.ID, "first_step")
		return
	}
	if d, ok := e.day(m.ID, "first_step", m.FirstStep); ok && d < catalog.Date(cell.Since) {
		e.fail(m.ID, fmt.Sprintf("migration %s: the first step was on %s, before %s: %s", m.ID, d, cell.Since, cell.English), "take the service out of the candidature")
	}
}

func (e *evaluation) transferChangesNothing() {
	for _, m := range e.doc.Migrations {
		known := func(f string) bool { return !m.Unknown.Has(f) }
		switch {
		case known("changes") && m.Changes == "",
			known("funded_mode") && m.FundedMode != catalog.ModeTransfer,
			known("destination") && m.Destination != "iaas":
			continue
		}
		if !e.unknown(m.ID, m.Unknown, "funded_mode", "destination", "changes") {
			e.fail(m.ID, fmt.Sprintf("migration %s is mode A towards IaaS and declares changes: %s", m.ID, m.Changes), "move the service as it is, or declare an improving migration (mode B)")
		}
	}
}

func (e *evaluation) everythingMoved() {
	for _, m := range e.doc.Migrations {
		if e.unknown(m.ID, m.Unknown, "completed") || !m.Completed || e.unknown(m.ID, m.Unknown, "parts") {
			continue
		}
		if len(m.Parts) == 0 {
			e.undecided(e.rule.Severity, m.ID, "parts")
			continue
		}
		left := slices.IndexFunc(m.Parts, func(p Part) bool { return !p.Moved && !p.Unknown.Has("moved") })
		switch {
		case left >= 0:
			e.fail(m.ID, fmt.Sprintf("migration %s is declared completed, but %q has not moved", m.ID, m.Parts[left].Name), "move everything under the service before declaring it completed: a partial migration is not paid")
		case slices.ContainsFunc(m.Parts, func(p Part) bool { return p.Unknown.Has("moved") }):
			e.undecided(e.rule.Severity, m.ID, "moved")
		}
	}
}

func (e *evaluation) improvementIsDeclared() {
	for _, m := range e.doc.Migrations {
		known := func(f string) bool { return !m.Unknown.Has(f) }
		switch {
		case known("improvement_declaration") && m.ImprovementDeclaration != "",
			known("funded_mode") && m.FundedMode != catalog.ModeTransfer,
			known("destination") && m.Destination != "paas" && m.Destination != "saas":
			continue
		}
		if !e.unknown(m.ID, m.Unknown, "funded_mode", "destination", "improvement_declaration") {
			e.fail(m.ID, fmt.Sprintf("migration %s is funded in mode A and goes to %s without the declaration of an improving migration", m.ID, m.Destination), "set improvement_declaration to its reference; the amount stays that of mode A")
		}
	}
}

func (e *evaluation) cutoverHasItsPapers() {
	phases := Phases()
	cutover := slices.Index(phases, "cutover")
	for _, m := range e.doc.Migrations {
		papers := demand("migration "+m.ID, m.Unknown, "set it to the reference of the document, before the cutover",
			field{"acceptance_test", m.AcceptanceTest}, field{"security_review", m.SecurityReview})
		at := slices.Index(phases, m.Phase)
		switch {
		case !m.Unknown.Has("phase") && m.Phase != "" && at < 0:
			e.fail(m.ID, fmt.Sprintf("migration %s is in phase %q, which does not exist", m.ID, m.Phase), "use a phase from \"discovered\" to \"decommissioned\"")
		case papers.ok():
		case m.Completed && !m.Unknown.Has("completed") || !m.Unknown.Has("phase") && at >= cutover:
			if papers.unknown != "" {
				e.undecided(e.rule.Severity, m.ID, papers.unknown)
			} else {
				e.fail(m.ID, papers.message, papers.remedy)
			}
		default:
			e.unknown(m.ID, m.Unknown, "phase", "completed")
		}
	}
}
