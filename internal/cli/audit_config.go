package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	show "github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/audit/source"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// configuration opens the folder of --config-dir for reading. What cannot be
// read is noted in the tree: findings are never lost by it.
func configuration(dir string, modules map[string]string) (*source.Tree, func()) {
	none := func(err error) (*source.Tree, func()) {
		return source.Unreadable(fmt.Sprintf("--config-dir %s cannot be read: %v: results are in the file audited", dir, cause(err))), func() {}
	}
	whole, err := filepath.Abs(dir)
	if err == nil {
		whole, err = filepath.EvalSymlinks(whole)
	}
	if err != nil {
		return none(err)
	}
	if info, err := os.Stat(whole); err != nil {
		return none(err)
	} else if !info.IsDir() {
		return none(errors.New("it is not a folder"))
	}
	base := repository(whole)
	below, err := filepath.Rel(base, whole)
	if err != nil {
		return none(err)
	}
	root, err := os.OpenRoot(base) // no link and no source of a module leads out of it
	if err != nil {
		return none(err)
	}
	uri := show.FileURI(strings.TrimSuffix(filepath.ToSlash(base), "/") + "/")
	return source.New(uri, root.FS(), filepath.ToSlash(below), modules), func() { _ = root.Close() }
}

// repository is the folder that paths are told from: the work tree of Git that
// holds dir, else the working directory when that holds it, else dir itself.
func repository(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	here, err := os.Getwd()
	if err == nil {
		here, err = filepath.EvalSymlinks(here)
	}
	if below, bad := filepath.Rel(here, dir); err == nil && bad == nil && filepath.IsLocal(below) {
		return here
	}
	return dir
}

// unreadable words why a file that was named cannot be read, and what to do.
func unreadable(err error) error {
	why := cause(err)
	remedy := "check the name and its permissions"
	switch {
	case errors.Is(why, fs.ErrNotExist):
		remedy = "check the name"
	case errors.Is(why, syscall.EISDIR):
		remedy = "name a file in it"
	}
	return psn.Errorf(psn.InvalidInput, "the file cannot be read: %w: %s", why, remedy)
}

// cause is a file error without the path, which the message has already.
func cause(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
