// Package archtest holds no code but a test that reads the project's imports
// and enforces who may know whom. It parses files itself instead of asking the
// go command, because the test cache does not see what a child process reads
// and would go on reporting success after a violation.
package archtest
