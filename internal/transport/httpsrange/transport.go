package httpsrange

import (
	"crypto/tls"
	"net/http"
	"slices"
	"time"
)

// readBuffer is how much a connection reads at once; the 4 KiB default costs
// sixteen times the system calls.
const readBuffer = 64 << 10

// Tune returns a copy of base for bulk reads: HTTP/1.1 only, because HTTP/2
// costs half as much CPU again for the same bytes and puts all lanes on one
// connection; large read buffers; connections kept for all lanes. TLS settings
// of base are kept: verification is its affair.
func Tune(base *http.Transport) *http.Transport {
	t := base.Clone()
	t.ForceAttemptHTTP2 = false
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.NextProtos = slices.DeleteFunc(slices.Clone(t.TLSClientConfig.NextProtos), func(p string) bool { return p == "h2" })
	}
	t.ReadBufferSize = readBuffer
	t.DisableCompression = true // a range is of the bytes as they are
	t.MaxIdleConnsPerHost = max(t.MaxIdleConnsPerHost, 16)
	if t.TLSHandshakeTimeout == 0 {
		t.TLSHandshakeTimeout = 30 * time.Second
	}
	if t.ResponseHeaderTimeout == 0 {
		t.ResponseHeaderTimeout = time.Minute
	}
	return t
}
