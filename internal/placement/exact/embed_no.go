//go:build !highs

package exact

// embedded is empty: built without the tag "highs", the program looks for the
// solver's file when it runs.
var embedded []byte
