package connect

import (
	"fmt"
	"os"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// secret returns a function that reads a secret each time it is called, from a
// variable or, without one, from a file. key is the place of the keys
// "<kind>_env" and "<kind>_file".
func secret(key, kind, env, file string, getenv func(string) string) func() (string, error) {
	if env == "" {
		return func() (string, error) { return readSecret(key+"."+kind+"_file", file) }
	}
	return func() (string, error) {
		if s := getenv(env); s != "" {
			return s, nil
		}
		return "", psn.Errorf(psn.InvalidInput, "%s.%s_env: variable %s is not set or empty: put the %s in it", key, kind, env, noun(kind))
	}
}

// noun is what a kind of secret is called.
func noun(kind string) string {
	if kind == "password" {
		return kind
	}
	return "secret"
}

// checkSecret returns an error unless the file is there, holds something and is
// closed to other users. It does not read it.
func checkSecret(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", file)
	case info.Mode().Perm()&0o007 != 0:
		return fmt.Errorf("%s has mode %04o, open to every user: run \"chmod 600\" on it", file, info.Mode().Perm())
	case info.Size() == 0:
		return fmt.Errorf("%s is empty: it must hold the password", file)
	}
	return nil
}

// readSecret reads a one-line secret from a file that others cannot read.
func readSecret(key, file string) (string, error) {
	if err := checkSecret(file); err != nil {
		return "", psn.Errorf(psn.InvalidInput, "%s: %w", key, err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", psn.Errorf(psn.InvalidInput, "%s: %w", key, err)
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" {
		return "", psn.Errorf(psn.InvalidInput, "%s: %s is empty: it must hold the password", key, file)
	}
	return s, nil
}
