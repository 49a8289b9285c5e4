package connect

import (
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
			return "", psn.Errorf(psn.InvalidInput, "%s.password_env: variable %s is not set", key, name)
		}
	}
	file := v.PasswordFile
	return func() (string, error) { return readSecret(key+".password_file", file) }
}

// readSecret reads a one-line secret from a file that others cannot read.
func readSecret(key, file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", psn.Errorf(psn.InvalidInput, "%s: %w", key, err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", psn.Errorf(psn.InvalidInput, "%s: %s has mode %04o, open to every user: run \"chmod 600\" on it", key, file, info.Mode().Perm())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", psn.Errorf(psn.InvalidInput, "%s: %w", key, err)
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" {
		return "", psn.Errorf(psn.InvalidInput, "%s: %s is empty", key, file)
	}
	return s, nil
}
