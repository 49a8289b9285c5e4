//go:build !linux

package sandbox

import (
	"os"
	"os/exec"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

var errSystem = psn.Errorf(psn.Unsupported, "the sandbox runs on Linux only")

func tryLock(*os.File) (bool, error)                      { return false, errSystem }
func isLocked(*os.File) (bool, error)                     { return false, errSystem }
func detach(*exec.Cmd)                                    {}
func alive(int) bool                                      { return false }
func terminate(int) error                                 { return errSystem }
func allocated(string, int64) (map[int64]struct{}, error) { return nil, errSystem }
