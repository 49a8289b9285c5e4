package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// distinct refuses to write over what is read.
func distinct(flag, out string, inputs ...string) error {
	there, err := os.Stat(out)
	if err != nil {
		return nil //nolint:nilerr // a file that is not there is none of the inputs
	}
	for _, in := range inputs {
		if read, err := os.Stat(in); err == nil && os.SameFile(there, read) {
			return usagef("%s %s is the file to be read: name another", flag, out)
		}
	}
	return nil
}

// emit writes to a file, which is whole or not there, or to the terminal when
// path is empty. flag names what path was given by.
func (a *app) emit(flag, path string, write func(io.Writer) error) error {
	if path == "" {
		return write(a.Stdout)
	}
	if there, err := os.Lstat(path); err == nil && !there.Mode().IsRegular() {
		return a.into(flag, path, write) // a device, pipe or link is not replaced
	}
	part := path + ".part"
	out, err := os.Create(part)
	if err != nil {
		return codeError{exitUnusable, psn.Errorf(psn.InvalidInput, "%s %s cannot be written: %w", flag, path, err)}
	}
	err = write(out)
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_ = os.Remove(part)
		return codeError{exitUnusable, fmt.Errorf("write %s: %w", path, err)}
	}
	return nil
}

// into writes to what is there already and is no plain file.
func (a *app) into(flag, path string, write func(io.Writer) error) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|os.O_CREATE, 0o666)
	if err != nil {
		return codeError{exitUnusable, psn.Errorf(psn.InvalidInput, "%s %s cannot be written: %w", flag, path, err)}
	}
	err = write(out)
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return codeError{exitUnusable, fmt.Errorf("write %s: %w", path, err)}
	}
	return nil
}
