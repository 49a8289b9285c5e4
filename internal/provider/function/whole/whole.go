// Package whole reads the whole numbers among the arguments of a function. The
// framework's own conversion answers a fraction with a request to report a
// defect; here the argument and its value are named.
package whole

import (
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

// Number returns v, the argument at that position, as an integer. name is the
// argument's, for the error.
func Number(position int64, name string, v *big.Float) (int64, *function.FuncError) {
	n, exact := v.Int64()
	if exact != big.Exact {
		return 0, function.NewArgumentFuncError(position, fmt.Sprintf("%s is %s: give a whole number of at most 18 digits", name, v.Text('g', 20)))
	}
	return n, nil
}
