// Package exact answers about placements what a search cannot: how far from the
// best one is, whether any exists, and which demands conflict when none does.
//
// It runs HiGHS, a solver for linear and integer programs, as WebAssembly inside
// this process: no C, no child process, no file but the solver's own. The file
// is pinned by its hash and need not be there; without it nothing here can be
// certified, and that is what is then said. What the solver says, in floating
// point, is checked in integers before it is repeated: placements by the
// arithmetic of package placement, proofs that a linear relaxation has no
// solution by exact sums.
//
// It knows programs and requests of package placement, and nothing else of the
// project.
package exact
