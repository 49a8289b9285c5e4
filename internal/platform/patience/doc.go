// Package patience is how long a client of a platform waits: for a server that
// says nothing, for one that asks to come back later, and between two looks. It
// must not know what is asked of the server.
package patience
