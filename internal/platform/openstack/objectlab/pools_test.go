package objectlab

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// pools stands in for the reports of Cinder's pools where it cannot show them:
// one whose parts talk without a message queue, as the lab's, hands its own view
// a dictionary that the view cannot copy, and answers 500.
type pools struct{ next http.RoundTripper }

func (p pools) RoundTrip(req *http.Request) (*http.Response, error) {
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
	defer res.Body.Close()
	var page struct {
		Pools []map[string]any `json:"pools"`
	}
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
		return nil, err
	}
	for _, v := range page.Pools {
		name, _ := v["name"].(string)
		_, backend, _ := strings.Cut(name, "#")
		v["capabilities"] = map[string]any{"volume_backend_name": backend, "total_capacity_gb": 100, "free_capacity_gb": 90, "reserved_percentage": 10}
	}
	b, err := json.Marshal(page)
	if err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return res, nil
}

// mended puts pools below another wrapper of the wire.
func mended(wrap func(http.RoundTripper) http.RoundTripper) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		if wrap == nil {
			return pools{next}
		}
		return wrap(pools{next})
	}
}
