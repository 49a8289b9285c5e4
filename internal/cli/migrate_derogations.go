package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// derogationsFlag adds --derogations; the function reads the file it names.
func derogationsFlag(c *cobra.Command, usage string) func() ([]psn.Derogation, error) {
	path := c.Flags().String("derogations", "", "`file` with a JSON list of derogations (id, rule, subject, author, date, reason, expiry): "+usage)
	return func() ([]psn.Derogation, error) {
		if *path == "" {
			return nil, nil
		}
		ds, err := readDerogations(*path)
		if err != nil {
			return nil, codeError{exitUnusable, psn.At("--derogations "+*path, err)}
		}
		return ds, nil
	}
}

func readDerogations(path string) ([]psn.Derogation, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(err)
	}
	var ds []psn.Derogation
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err = dec.Decode(&ds)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the list")
		}
	}
	switch {
	case err != nil:
		return nil, psn.Errorf(psn.InvalidInput, "not a JSON list of derogations, [{\"id\": …, \"rule\": …, \"subject\": …, \"author\": …, \"date\": …, \"reason\": …, \"expiry\": …}]: %w", err)
	case len(ds) == 0:
		return nil, psn.Errorf(psn.InvalidInput, "the list is empty: name a derogation, or leave --derogations out")
	}
	return ds, nil
}

// derogationRows are rows of a table, one for each rule that is set aside.
func derogationRows(ds []psn.Derogation) [][]string {
	var rows [][]string
	for _, d := range ds {
		rows = append(rows, []string{"derogated", fmt.Sprintf("%s for %s until %s by %s of %s (%s): %s", d.Rule, d.Subject, d.Expiry, d.ID, d.Date, d.Author, d.Reason)})
	}
	return rows
}
