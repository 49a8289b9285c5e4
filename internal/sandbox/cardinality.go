package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const tagging = "/rest/com/vmware/cis/tagging/"

// tagObject is an object as the tagging service names it.
type tagObject struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// cardinality says why attaching a tag would break its category's cardinality,
// which the simulator does not check; empty when it would not. It asks the
// simulator with the caller's own session.
func (c *Center) cardinality(r *http.Request, key string) string {
	action := r.URL.Query().Get("~action")
	if r.Method != http.MethodPost || !strings.HasPrefix(action, "attach") || !strings.HasPrefix(r.URL.Path, tagging+"tag-association") {
		return ""
	}
	b, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(b))
	var req struct {
		ObjectID  tagObject   `json:"object_id"`
		ObjectIDs []tagObject `json:"object_ids"`
		TagIDs    []string    `json:"tag_ids"`
	}
	if err != nil || json.Unmarshal(b, &req) != nil {
		return "" // the simulator will refuse it
	}
	if _, id, ok := strings.Cut(r.URL.Path, "/id:"); ok {
		req.TagIDs = []string{id}
	}
	if req.ObjectID.ID != "" {
		req.ObjectIDs = append(req.ObjectIDs, req.ObjectID)
	}
	for _, obj := range req.ObjectIDs {
		for _, tag := range req.TagIDs {
			if msg := c.secondTag(obj, tag, key); msg != "" {
				return msg
			}
		}
	}
	return ""
}

func (c *Center) secondTag(obj tagObject, tag, key string) string {
	category := c.categoryOf(tag, key)
	var cat struct{ Cardinality, Name string }
	c.ask(http.MethodGet, tagging+"category/id:"+category, nil, key, &cat)
	if cat.Cardinality != "SINGLE" {
		return ""
	}
	var has []string
	c.ask(http.MethodPost, tagging+"tag-association?~action=list-attached-tags", map[string]any{"object_id": obj}, key, &has)
	for _, other := range has {
		if other != tag && c.categoryOf(other, key) == category {
			return fmt.Sprintf("%s %s already has a tag of category %s, which allows one", obj.Type, obj.ID, cat.Name)
		}
	}
	return ""
}

func (c *Center) categoryOf(tag, key string) string {
	var t struct {
		CategoryID string `json:"category_id"`
	}
	c.ask(http.MethodGet, tagging+"tag/id:"+tag, nil, key, &t)
	return t.CategoryID
}

// ask makes a REST request of our own; into stays as it is when it fails.
func (c *Center) ask(method, target string, body any, key string, into any) {
	var rd io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return
		}
		rd = bytes.NewReader(b)
	}
	u, err := url.Parse("https://" + c.addr + target)
	if err != nil {
		return
	}
	r, err := http.NewRequest(method, u.String(), rd) //nolint:gosec // it never leaves the process: the simulator's handler takes it
	if err != nil {
		return
	}
	r.Header.Set(restSessionHeader, key)
	rec := &capture{header: http.Header{}}
	c.svc.ServeMux.ServeHTTP(rec, r)
	answer := struct{ Value any }{into}
	_ = json.Unmarshal(rec.body.Bytes(), &answer)
}
