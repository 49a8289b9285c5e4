// Package httpsrange reads a disk that a server offers over HTTPS with Range
// requests, such as a vSphere datastore's flat VMDK.
//
// It owns the shape of requests, exact checks of answers, retries, and asking
// for a new session when one has ended. It must not know whose disk it is, nor
// how a session is made; and it never logs credentials.
package httpsrange
