//go:build highs

package exact

import _ "embed" // the solver's code

//go:embed highs.wasm
var embedded []byte
