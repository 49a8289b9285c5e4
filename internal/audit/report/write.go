package report

import (
	"bufio"
	"fmt"
	"io"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/source"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Format is a form of the report.
type Format string

// The formats.
const (
	Text  Format = "text"
	JSON  Format = "json"
	CSV   Format = "csv"
	SARIF Format = "sarif"
	JUnit Format = "junit"
	HTML  Format = "html"
)

// Formats returns every format.
func Formats() []Format { return []Format{Text, JSON, CSV, SARIF, JUnit, HTML} }

// Options say how a report is written.
type Options struct {
	Format   Format
	Language Language // default: English
	// Source is the name of the file audited, as results refer to it.
	Source string
	// Configuration is where SARIF looks for the blocks of addresses; nil:
	// results are in Source.
	Configuration *source.Tree
	// Separator of CSV fields: ',' (default) or ';', which spreadsheets set up
	// for Italian expect.
	Separator rune
}

// Write writes the report. It fails with psn.InvalidInput for an unknown format
// or language.
func Write(out io.Writer, r *audit.Report, o Options) error {
	if o.Language == "" {
		o.Language = English
	}
	if o.Language != English && o.Language != Italian {
		return psn.Errorf(psn.InvalidInput, "unknown language %q: use one of %q", o.Language, Languages())
	}
	write, ok := map[Format]func(io.Writer, *audit.Report, Options) error{
		Text: writeText, JSON: writeJSON, CSV: writeCSV, SARIF: writeSARIF, JUnit: writeJUnit, HTML: writeHTML,
	}[o.Format]
	if !ok {
		return psn.Errorf(psn.InvalidInput, "unknown format %q: use one of %q", o.Format, Formats())
	}
	w := bufio.NewWriter(out)
	err := write(w, r, o)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
