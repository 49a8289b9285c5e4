package exact

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Solver is the compiled solver. It may be used by several goroutines: every
// program is solved in an instance of its own.
type Solver struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

// Open reads and compiles the solver; path may be "", see [Env]. Compiling takes
// some seconds once and is kept in the user's cache. The error is psn.NotFound
// when the solver is not installed, psn.Untrusted when the file is another one.
func Open(ctx context.Context, path string, getenv func(string) string) (*Solver, error) {
	code, err := read(path, getenv)
	if err != nil {
		return nil, err
	}
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithMemoryLimitPages(32768)
	if dir := cacheDir(getenv); dir != "" {
		dir = filepath.Join(dir, "wasm")
		if os.MkdirAll(dir, 0o700) == nil {
			if cache, err := wazero.NewCompilationCacheWithDir(dir); err == nil {
				config = config.WithCompilationCache(cache)
			}
		}
	}
	s := &Solver{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if s.code, err = s.runtime.CompileModule(ctx, code); err != nil {
		_ = s.runtime.Close(ctx)
		return nil, psn.Errorf(psn.Internal, "the solver cannot be compiled: %w", err)
	}
	if err := s.host(ctx); err != nil {
		_ = s.runtime.Close(ctx)
		return nil, err
	}
	return s, nil
}

// Close gives back the solver's memory.
func (s *Solver) Close(ctx context.Context) error { return s.runtime.Close(ctx) }

// host provides what the solver asks of its surroundings: a clock and memory. It
// gets no file, no environment and no network.
func (s *Solver) host(ctx context.Context) error {
	started := time.Now()                                        //nolint:forbidigo // the solver needs a clock for its time limit
	since := func() time.Duration { return time.Since(started) } //nolint:forbidigo // the same
	const badFile, noFile = 8, ^uint64(43)                       // WASI EBADF; -ENOENT of a system call
	answers := map[string]func(m api.Module, stack []uint64){
		hostThrow:    func(api.Module, []uint64) { panic("the solver threw an exception") },
		hostAbort:    func(api.Module, []uint64) { panic("the solver aborted") },
		hostExit:     func(api.Module, []uint64) { panic("the solver exited") },
		hostProcExit: func(api.Module, []uint64) { panic("the solver exited") },
		hostNow: func(_ api.Module, st []uint64) {
			st[0] = api.EncodeF64(float64(since().Microseconds()) / 1000)
		},
		hostDate:       func(_ api.Module, st []uint64) { st[0] = api.EncodeF64(float64(since().Milliseconds())) },
		hostClose:      func(_ api.Module, st []uint64) { st[0] = badFile },
		hostRead:       func(_ api.Module, st []uint64) { st[0] = badFile },
		hostSeek:       func(_ api.Module, st []uint64) { st[0] = badFile },
		hostFcntl:      func(_ api.Module, st []uint64) { st[0] = noFile },
		hostIoctl:      func(_ api.Module, st []uint64) { st[0] = noFile },
		hostOpen:       func(_ api.Module, st []uint64) { st[0] = noFile },
		hostTimer:      func(_ api.Module, st []uint64) { st[0] = 0 },
		hostEnviron:    func(_ api.Module, st []uint64) { st[0] = 0 },
		hostEnvironLen: func(m api.Module, st []uint64) { zero(m, st[0]); zero(m, st[1]); st[0] = 0 },
		hostTimeZone: func(m api.Module, st []uint64) {
			for _, p := range st {
				zero(m, p)
			}
		},
		hostClock: func(m api.Module, st []uint64) {
			m.Memory().WriteUint64Le(uint32(st[2]), uint64(since().Nanoseconds()))
			st[0] = 0
		},
		hostWrite: swallow,
		hostGrow: func(m api.Module, st []uint64) {
			const page = 65536
			have, want := uint64(m.Memory().Size()), st[0]&0xffffffff
			step := max(want, min(have+have/5, want+100<<20))
			_, ok := m.Memory().Grow(uint32((step - have + page - 1) / page))
			if st[0] = 0; ok {
				st[0] = 1
			}
		},
	}
	b := s.runtime.NewHostModuleBuilder("a")
	for _, f := range s.code.ImportedFunctions() {
		_, name, _ := f.Import()
		answer := answers[name]
		if answer == nil {
			answer = func(api.Module, []uint64) {}
		}
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, st []uint64) { answer(m, st) }), f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	if _, err := b.Instantiate(ctx); err != nil {
		return fmt.Errorf("prepare the solver: %w", err)
	}
	return nil
}

func zero(m api.Module, at uint64) { m.Memory().WriteUint32Le(uint32(at), 0) }

// swallow takes what the solver prints and drops it.
func swallow(m api.Module, st []uint64) {
	mem := m.Memory()
	list, n, out := uint32(st[1]), uint32(st[2]), uint32(st[3])
	var sum uint32
	for i := range n {
		size, _ := mem.ReadUint32Le(list + 8*i + 4)
		sum += size
	}
	mem.WriteUint32Le(out, sum)
	st[0] = 0
}

// instance starts the solver afresh.
func (s *Solver) instance(ctx context.Context) (api.Module, error) {
	m, err := s.runtime.InstantiateModule(ctx, s.code, wazero.NewModuleConfig().WithName("").WithStartFunctions(constructors))
	if err != nil {
		return nil, psn.Errorf(psn.Internal, "the solver does not start: %w", err)
	}
	return m, nil
}
