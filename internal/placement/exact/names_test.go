package exact

import (
	"os"
	"regexp"
	"testing"
)

// The names are those of the pinned package.
func TestNames(t *testing.T) {
	js, err := os.ReadFile("../../tools/highs/node_modules/highs/build/highs.js")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("run \"make solver\" first: %v", err)
		}
		t.Logf("NOT CHECKED: that the names are those of the pinned package: %v", err)
		return
	}
	for name, letter := range exports {
		m := regexp.MustCompile(`Module\["_` + name + `"\]=(?:_\w+=)?wasmExports\["(\w+)"\]`).FindSubmatch(js)
		if m == nil || string(m[1]) != letter {
			t.Errorf("%s is %q in the package, %q here", name, m, letter)
		}
	}
	imports := regexp.MustCompile(`wasmImports=\{([^}]*)\}`).FindSubmatch(js)
	if imports == nil {
		t.Fatal("no imports")
	}
	for letter, name := range map[string]string{hostThrow: "___cxa_throw", hostExit: "_exit", hostNow: "_emscripten_get_now", hostClose: "_fd_close", hostFcntl: "___syscall_fcntl64",
		hostWrite: "_fd_write", hostRead: "_fd_read", hostIoctl: "___syscall_ioctl", hostOpen: "___syscall_openat", hostDate: "_emscripten_date_now", hostAbort: "__abort_js",
		hostTimer: "__setitimer_js", hostTimeZone: "__tzset_js", hostEnviron: "_environ_get", hostEnvironLen: "_environ_sizes_get", hostClock: "_clock_time_get",
		hostGrow: "_emscripten_resize_heap", hostProcExit: "_proc_exit", hostSeek: "_fd_seek"} {
		if !regexp.MustCompile(`(^|,)` + letter + ":" + name + `(,|$)`).Match(imports[1]) {
			t.Errorf("%s is not %s: %s", letter, name, imports[1])
		}
	}
}

// A file that is not the pinned solver is refused, a missing one is said to be missing.
func TestWrongFile(t *testing.T) {
	none := func(string) string { return "" }
	path := t.TempDir() + "/highs.wasm"
	if err := os.WriteFile(path, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, none); err == nil || !regexp.MustCompile(`is not HiGHS 1\.15\.3: its SHA-256 is [0-9a-f]{64}, not 528be`).MatchString(err.Error()) {
		t.Error(err)
	}
	if _, err := Open(t.Context(), path+"x", none); err == nil || !regexp.MustCompile("cannot be read").MatchString(err.Error()) {
		t.Error(err)
	}
}
