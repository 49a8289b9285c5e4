// Package cli is the command line of this program: one command per file, each
// of which reads flags, calls one package and prints the answer as text or, with
// --json, as JSON.
//
// It owns flags, messages, exit codes and progress lines. It must hold no logic
// of its own: what a command means is written in the package it calls.
//
// Exit codes: 0 success; 1 the operation failed (or, for audit, rules of
// severity error were failed); 2 the command line or the input cannot be used;
// 130 interrupted, with what was done so far kept where it can be resumed.
package cli
