package exact

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// status is how a run of the solver ended.
type status int32

const (
	optimal    status = 7
	infeasible status = 8
	unbounded  status = 10
	overBound  status = 11
	timeLimit  status = 13
	interrupt  status = 17
)

// outcome is what a run found.
type outcome struct {
	status   status
	feasible bool    // x is a solution
	bound    float64 // no solution is cheaper
	value    float64 // cost of x
	nodes    int64
	x        []float64
}

// session is one program in one instance of the solver.
type session struct {
	ctx    context.Context // of the whole session: the instance ends with it
	module api.Module
	highs  uint64
	m      *matrix
	err    error // of the first call that failed; later calls do nothing
}

// session passes a program to a fresh instance. With relaxed, integers may be
// fractions.
func (s *Solver) session(ctx context.Context, m *matrix, relaxed bool) (*session, error) {
	module, err := s.instance(ctx)
	if err != nil {
		return nil, err
	}
	ss := &session{ctx: ctx, module: module, m: m}
	ss.highs = ss.call("Highs_create")
	ss.option("output_flag", false)
	ss.option("threads", 1)
	ss.option("random_seed", 1)
	args := []uint64{
		ss.highs, uint64(len(m.cost)), uint64(len(m.rowLow)), uint64(len(m.index)), 1, 1, math.Float64bits(m.offset),
		floats(ss, m.cost), floats(ss, m.colLow), floats(ss, m.colHigh), floats(ss, m.rowLow), floats(ss, m.rowHigh),
		ints(ss, m.start), ints(ss, m.index), floats(ss, m.value),
	}
	if relaxed {
		ss.must("Highs_passLp", args...)
	} else {
		args = append(args, ints(ss, m.integer))
		ss.must("Highs_passMip", args...)
	}
	ss.freeAll(args[7:]...)
	if ss.err != nil {
		ss.close()
		return nil, ss.err
	}
	return ss, nil
}

func (ss *session) close() { _ = ss.module.Close(context.WithoutCancel(ss.ctx)) }

// call calls a function of the solver by its C name.
func (ss *session) call(name string, args ...uint64) (result uint64) {
	if ss.err != nil {
		return 0
	}
	out, err := ss.module.ExportedFunction(exports[name]).Call(ss.ctx, args...)
	if err != nil {
		ss.err = psn.Errorf(psn.Internal, "the solver failed in %s: %w", name, err)
		if cause := ss.ctx.Err(); cause != nil {
			ss.err = fmt.Errorf("the solver was stopped: %w", cause)
		}
		return 0
	}
	if len(out) == 0 {
		return 0
	}
	return out[0]
}

// must is call for functions that return a status: 0 is fine, 1 a warning.
func (ss *session) must(name string, args ...uint64) {
	if rc := int32(ss.call(name, args...)); ss.err == nil && rc != 0 && rc != 1 {
		ss.err = psn.Errorf(psn.Internal, "the solver refused %s", name)
	}
}

func (ss *session) option(name string, value any) {
	at := ss.text(name)
	switch v := value.(type) {
	case bool:
		n := uint64(0)
		if v {
			n = 1
		}
		ss.must("Highs_setBoolOptionValue", ss.highs, at, n)
	case int:
		ss.must("Highs_setIntOptionValue", ss.highs, at, uint64(uint32(v)))
	case float64:
		ss.must("Highs_setDoubleOptionValue", ss.highs, at, math.Float64bits(v))
	case string:
		t := ss.text(v)
		ss.must("Highs_setStringOptionValue", ss.highs, at, t)
		ss.freeAll(t)
	}
	ss.freeAll(at)
}

// limit stops runs after a time or a number of nodes, best solution and bound so
// far kept.
func (ss *session) limit(l Limits) {
	if l.Time != NoTime {
		ss.option("time_limit", l.Time.Seconds())
	}
	if l.Nodes > 0 {
		ss.option("mip_max_nodes", l.Nodes)
	}
}

// run solves the program as it is now.
func (ss *session) run() (outcome, error) {
	ss.must("Highs_run", ss.highs)
	var o outcome
	o.status = status(int32(ss.call("Highs_getModelStatus", ss.highs)))
	o.feasible = ss.intInfo("primal_solution_status") == 2
	o.value = ss.doubleInfo("objective_function_value")
	o.bound = ss.doubleInfo("mip_dual_bound")
	o.nodes = ss.int64Info("mip_node_count")
	if o.feasible {
		n := len(ss.m.cost)
		at := ss.reserve(8 * n)
		ss.must("Highs_getSolution", ss.highs, at, 0, 0, 0)
		o.x = readFloats(ss, at, n)
		ss.freeAll(at)
	}
	return o, ss.err
}

// ray returns multipliers of rows that prove infeasibility, nil when there are none.
func (ss *session) ray() []float64 {
	n := len(ss.m.rowLow)
	has, at := ss.reserve(4), ss.reserve(8*n)
	defer ss.freeAll(has, at)
	if rc := int32(ss.call("Highs_getDualRay", ss.highs, has, at)); rc != 0 {
		return nil
	}
	if yes, _ := ss.module.Memory().ReadUint32Le(uint32(has)); yes == 0 {
		return nil
	}
	return readFloats(ss, at, n)
}

// bounds sets the bounds of all columns and rows.
func (ss *session) bounds(colHigh, rowLow, rowHigh []float64) {
	set := func(name string, low, high []float64) {
		mask := make([]int32, len(low))
		for i := range mask {
			mask[i] = 1
		}
		args := []uint64{ints(ss, mask), floats(ss, low), floats(ss, high)}
		ss.must(name, append([]uint64{ss.highs}, args...)...)
		ss.freeAll(args...)
	}
	set("Highs_changeColsBoundsByMask", ss.m.colLow, colHigh)
	set("Highs_changeRowsBoundsByMask", rowLow, rowHigh)
}

// start gives the values of some columns to start from.
func (ss *session) start(index []int32, value []float64) {
	a, b := ints(ss, index), floats(ss, value)
	ss.must("Highs_setSparseSolution", ss.highs, uint64(len(index)), a, b)
	ss.freeAll(a, b)
}

func (ss *session) intInfo(name string) int32 {
	at, out := ss.text(name), ss.reserve(8)
	defer ss.freeAll(at, out)
	ss.must("Highs_getIntInfoValue", ss.highs, at, out)
	v, _ := ss.module.Memory().ReadUint32Le(uint32(out))
	return int32(v)
}

func (ss *session) int64Info(name string) int64 {
	at, out := ss.text(name), ss.reserve(8)
	defer ss.freeAll(at, out)
	ss.must("Highs_getInt64InfoValue", ss.highs, at, out)
	v, _ := ss.module.Memory().ReadUint64Le(uint32(out))
	return int64(v)
}

func (ss *session) doubleInfo(name string) float64 {
	at, out := ss.text(name), ss.reserve(8)
	defer ss.freeAll(at, out)
	ss.must("Highs_getDoubleInfoValue", ss.highs, at, out)
	v, _ := ss.module.Memory().ReadFloat64Le(uint32(out))
	return v
}

func (ss *session) reserve(bytes int) uint64 {
	at := ss.call("malloc", uint64(max(bytes, 8)))
	if ss.err == nil && at == 0 {
		ss.err = psn.Errorf(psn.Exhausted, "the solver needs more than its 2 GiB of memory: ask for fewer machines at once")
	}
	return at
}

func (ss *session) freeAll(at ...uint64) {
	for _, p := range at {
		ss.call("free", p)
	}
}

func (ss *session) text(s string) uint64 {
	at := ss.reserve(len(s) + 1)
	ss.write(at, append([]byte(s), 0))
	return at
}

func (ss *session) write(at uint64, b []byte) {
	if ss.err == nil && !ss.module.Memory().Write(uint32(at), b) {
		ss.err = psn.Errorf(psn.Internal, "the solver's memory ends before %d", at)
	}
}

func floats(ss *session, v []float64) uint64 {
	at := ss.reserve(8 * len(v))
	b := make([]byte, 0, 8*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	ss.write(at, b)
	return at
}

func ints(ss *session, v []int32) uint64 {
	at := ss.reserve(4 * len(v))
	b := make([]byte, 0, 4*len(v))
	for _, n := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	ss.write(at, b)
	return at
}

func readFloats(ss *session, at uint64, n int) []float64 {
	if ss.err != nil {
		return nil
	}
	b, ok := ss.module.Memory().Read(uint32(at), uint32(8*n))
	if !ok {
		return nil
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return out
}
