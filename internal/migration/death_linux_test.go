package migration_test

import (
	"os/exec"
	"syscall"
)

// dieWithUs makes a child end when this process does, even by a timeout's panic.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
