package blockcopy_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestTwoProcesses holds a pass in a child process and starts another here.
func TestTwoProcesses(t *testing.T) {
	if dir := os.Getenv("PSN_LOCK_DIR"); dir != "" {
		src, dst := randomSource(leaf, 1), newMemTarget(leaf, 0, 1)
		mustCopy(t, src, dst, blockcopy.WithStep(seedJob(dir), func(step string) error {
			if step == "intent declared" {
				os.Stdout.WriteString("holding\n")
				_, _ = io.ReadAll(os.Stdin) // until the parent closes it
			}
			return nil
		}))
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(testContext(t), os.Args[0], "-test.run=^TestTwoProcesses$", "-test.timeout=60s")
	child.Env = append(os.Environ(), "PSN_LOCK_DIR="+dir)
	child.WaitDelay = 5 * time.Second
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "holding") {
		t.Fatalf("child said %q, %v", line, err)
	}
	src, dst := randomSource(leaf, 1), newMemTarget(leaf, 0, 1)
	_, err = blockcopy.Copy(testContext(t), src, dst, seedJob(dir))
	wantCode(t, err, psn.Conflict, "another process (pid ", dir)
	if dst.writes > 0 {
		t.Error("wrote without the lock")
	}
	in.Close()
	_, _ = io.Copy(io.Discard, lines)
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := blockcopy.Copy(testContext(t), src, dst, seedJob(dir)); err != nil {
		t.Fatalf("after the other process ended: %v", err)
	}
}
