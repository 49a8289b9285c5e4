package connect

import (
	"fmt"
	"os"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// password returns a function that reads the secret each time it is called.
func password(key string, v *VSphereConfig, getenv func(string) string) func() (string, error) {
	if v.PasswordEnv != "" {
		name := v.PasswordEnv
		return func() (string, error) {
			if s := getenv(name); s != "" {
				return s, nil
			}
			return "", psn.Errorf(psn.InvalidInput, "%s.password_env: variable %s is not set or empty: put the password in it", key, name)
		}
	}
	file := v.PasswordFile
	return func() (string, error) { return readSecret(key+".password_file", file) }
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
