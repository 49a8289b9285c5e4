package exact

import (
	"math"
	"math/bits"

	"github.com/italia/terraform-provider-psn/internal/placement"
)

// matrix is a program as the solver takes it: by columns, in floating point.
// Rows are scaled by powers of two, which changes no digit.
type matrix struct {
	cost, colLow, colHigh []float64
	rowLow, rowHigh       []float64
	start, index          []int32
	value                 []float64
	integer               []int32
	scale                 []int // of rows, as exponents of two
	offset                float64
}

const million = 1e6

func matrixOf(p *placement.Program) *matrix {
	m := &matrix{offset: float64(p.Offset) / million}
	largest := make([]int64, len(p.Rows))
	for _, c := range p.Columns {
		for _, e := range c.Entries {
			largest[e.Row] = max(largest[e.Row], e.By, -e.By)
		}
	}
	m.scale = make([]int, len(p.Rows))
	for i, r := range p.Rows {
		m.scale[i] = max(0, bits.Len64(uint64(largest[i]))-6)
		m.rowLow = append(m.rowLow, bound(r.Min, m.scale[i]))
		m.rowHigh = append(m.rowHigh, bound(r.Max, m.scale[i]))
	}
	for _, c := range p.Columns {
		m.cost = append(m.cost, float64(c.Cost)/million)
		m.colLow = append(m.colLow, 0)
		m.colHigh = append(m.colHigh, bound(c.Max, 0))
		kind := int32(0)
		if c.Integer {
			kind = 1
		}
		m.integer = append(m.integer, kind)
		m.start = append(m.start, int32(len(m.index)))
		for _, e := range c.Entries {
			m.index = append(m.index, int32(e.Row))
			m.value = append(m.value, math.Ldexp(float64(e.By), -m.scale[e.Row]))
		}
	}
	return m
}

func bound(v int64, scale int) float64 {
	switch v {
	case placement.Unbounded:
		return math.Inf(1)
	case placement.Unbounded0:
		return math.Inf(-1)
	}
	return math.Ldexp(float64(v), -scale)
}
