package psn

import (
	"errors"
	"fmt"
)

// Code says what kind of failure an Error is, so that edges (diagnostics, exit
// codes, workflow retry policy) can decide without reading text.
type Code string

// The codes in use.
const (
	InvalidInput    Code = "invalid_input"   // the caller's value is wrong; retrying cannot help
	NotFound        Code = "not_found"       // the named object does not exist (any more)
	AlreadyExists   Code = "already_exists"  // an object of that name exists and is not ours
	Conflict        Code = "conflict"        // the object's state forbids the operation
	Unauthenticated Code = "unauthenticated" // credentials refused
	Forbidden       Code = "forbidden"       // authenticated, not allowed
	Untrusted       Code = "untrusted"       // TLS identity does not match the CA or the pin
	Unavailable     Code = "unavailable"     // endpoint unreachable or overloaded; retrying may help
	Exhausted       Code = "exhausted"       // no capacity or quota left
	Stale           Code = "stale"           // a change id no longer describes the disk: compare everything
	Unsupported     Code = "unsupported"     // the platform has no such notion
	Corrupt         Code = "corrupt"         // bytes or records do not match their hash
	Internal        Code = "internal"        // anything else
)

// Error is an error with a Code. Where is optional and names the place, for
// example "site acilia (vsphere)".
type Error struct {
	Code  Code
	Where string
	Err   error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Where == "" {
		return e.Err.Error()
	}
	return e.Where + ": " + e.Err.Error()
}

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with the given code; format may use %w.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// At returns err with the place added, keeping its code (Internal when it has none).
// It returns nil for a nil err.
func At(where string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: CodeOf(err), Where: where, Err: err}
}

// CodeOf returns the code of the outermost Error in err's chain, or Internal.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
