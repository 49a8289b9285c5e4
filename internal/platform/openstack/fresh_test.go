package openstack_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
)

// behind is a service of several servers: what is made over it is not known to
// the next so many requests that name it.
type behind struct {
	denials int
	status  int
	text    string
	asked   []string // method, path and body of what came
}

func (b *behind) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		sent, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(sent)
	}
	b.asked = append(b.asked, strings.TrimSpace(req.Method+" "+req.URL.Path+" "+body))
	status, text := http.StatusOK, "{}"
	switch {
	case body == "new":
		text = `{"volume": {"id": "v-1", "size": 1}}`
	case (strings.HasSuffix(req.URL.Path, "/servers") || strings.HasSuffix(req.URL.Path, "/snapshots")) && b.denials == 0:
		text = `{"server": {"id": "s"}}`
	case body == "bare":
		text = `{"id": "v-1", "status": "queued"}`
	case b.denials > 0:
		b.denials--
		status, text = b.status, b.text
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(text)),
		Body: io.NopCloser(strings.NewReader(text)), Request: req,
	}, nil
}

func TestJustMadeIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		service behind
		before  [][3]string // method, path, body
		ask     [3]string
		status  int
		asked   int // times
	}{
		"known":              {behind{}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-1", ""}, 200, 1},
		"read":               {behind{2, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-1", ""}, 200, 3},
		"no envelope":        {behind{2, 404, "", nil}, [][3]string{{"POST", "/images", "bare"}}, [3]string{"PUT", "/images/v-1/tags", ""}, 200, 3},
		"named in the body":  {behind{2, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"POST", "/servers/s/os-volume_attachments", `{"volumeId":"v-1"}`}, 200, 3},
		"by Nova":            {behind{2, 400, "failed to get volume v-1.", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"POST", "/v2.1/servers", `{"uuid":"v-1"}`}, 200, 3},
		"another refusal":    {behind{1, 400, "no such size", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"POST", "/v2.1/servers", `{"uuid":"v-1"}`}, 400, 1},
		"another object":     {behind{1, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-10", ""}, 404, 1},
		"nothing was made":   {behind{1, 404, "", nil}, nil, [3]string{"GET", "/volumes/v-1", ""}, 404, 1},
		"deletion":           {behind{1, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"DELETE", "/volumes/v-1", ""}, 200, 2},
		"deleted":            {behind{1, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-1", ""}, 404, 1},
		"detached":           {behind{1, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-1", ""}, 200, 2},
		"of a snapshot":      {behind{1, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-1", ""}, 200, 2},
		"not of that server": {behind{1, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-1", ""}, 200, 2},
		"went with a server": {behind{1, 404, "", nil}, [][3]string{{"POST", "/volumes", "new"}}, [3]string{"GET", "/volumes/v-1", ""}, 404, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt := openstack.Fresh(&c.service, time.Millisecond)
			send := func(method, path, body string) int {
				req, err := http.NewRequestWithContext(t.Context(), method, "https://cloud.example"+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				res, err := rt.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || len(answer) == 0 && c.service.text != "" {
					t.Errorf("the answer was eaten: %q, %v", answer, err)
				}
				return res.StatusCode
			}
			for _, b := range c.before {
				send(b[0], b[1], b[2])
			}
			held := c.service.denials
			c.service.denials = 0
			switch name {
			case "deleted":
				send("DELETE", "/volumes/v-1", "")
			case "detached":
				send("DELETE", "/v2.1/servers/s/os-volume_attachments/v-1", "")
			case "of a snapshot":
				send("POST", "/snapshots", `{"volume":"v-1"}`)
				send("DELETE", "/snapshots/s", "")
			case "went with a server", "not of that server":
				body := `{"uuid":"v-1"}`
				if name == "not of that server" {
					body = `{"uuid":"v-2"}`
				}
				send("POST", "/v2.1/servers", body)
				send("DELETE", "/v2.1/servers/s", "")
			}
			c.service.denials, c.service.asked = held, nil
			if got := send(c.ask[0], c.ask[1], c.ask[2]); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if len(c.service.asked) != c.asked || len(slices.Compact(c.service.asked)) != 1 {
				t.Errorf("asked %q, want the same %d times", c.service.asked, c.asked)
			}
		})
	}
}

// TestJustMadeIsNotWaitedForInVain: who gives up gets the service's answer.
func TestJustMadeIsNotWaitedForInVain(t *testing.T) {
	t.Parallel()
	service := &behind{1 << 30, http.StatusNotFound, "gone", nil}
	rt := openstack.Fresh(service, 10*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for _, r := range []struct {
		method, path, body string
		status             int
	}{{"POST", "/volumes", "new", 200}, {"GET", "/volumes/v-1", "", 404}} {
		req, err := http.NewRequestWithContext(ctx, r.method, "https://cloud.example"+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != r.status {
			t.Errorf("%s: %d, want %d", r.path, res.StatusCode, r.status)
		}
	}
	if n := len(service.asked); n < 3 || n > 50 {
		t.Errorf("asked %d times", n)
	}
}
