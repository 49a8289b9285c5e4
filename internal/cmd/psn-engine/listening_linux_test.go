package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// listening returns the IPv4 addresses on which the process accepts TCP.
func listening(t *testing.T, pid int) []string {
	t.Helper()
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	mine := map[string]bool{}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			mine[strings.Trim(strings.TrimPrefix(to, "socket:"), "[]")] = true
		}
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var addrs []string
	for s := bufio.NewScanner(f); s.Scan(); {
		col := strings.Fields(s.Text())
		if len(col) < 10 || col[3] != "0A" || !mine[col[9]] {
			continue
		}
		ip, port, _ := strings.Cut(col[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		if err != nil || ip != "0100007F" {
			t.Errorf("listens on %s, want 127.0.0.1 only", col[1])
			continue
		}
		addrs = append(addrs, fmt.Sprintf("127.0.0.1:%d", n))
	}
	return addrs
}
