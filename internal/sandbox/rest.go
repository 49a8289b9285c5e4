package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
)

const (
	restSession       = "/rest/com/vmware/cis/session"
	restSessionHeader = "vmware-api-session-id"
)

// serveREST checks the session and the account, then lets the simulator answer.
func (c *Center) serveREST(w http.ResponseWriter, r *http.Request) {
	action := r.URL.Query().Get("~action")
	if r.URL.Path == restSession && r.Method == http.MethodPost && action == "" {
		c.restLogin(w, r)
		return
	}
	key := restKey(r)
	user, ok := c.sessions.user(c.sessions.rest, key)
	if !ok {
		restError(w, http.StatusUnauthorized, "unauthenticated", "no valid session")
		return
	}
	reads := r.Method == http.MethodGet || strings.HasPrefix(action, "list") || strings.HasPrefix(action, "get") ||
		strings.HasPrefix(action, "find") || r.URL.Path == restSession
	if !reads && user != Operator {
		restError(w, http.StatusForbidden, "unauthorized", "the account may not do that")
		return
	}
	if msg := c.cardinality(r, key); msg != "" {
		restError(w, http.StatusBadRequest, "invalid_argument", msg)
		return
	}
	if r.URL.Path == restSession && r.Method == http.MethodDelete {
		c.sessions.mu.Lock()
		delete(c.sessions.rest, key)
		c.sessions.mu.Unlock()
	}
	c.svc.ServeMux.ServeHTTP(w, r)
}

func restKey(r *http.Request) string {
	if k := r.Header.Get(restSessionHeader); k != "" {
		return k
	}
	if ck, err := r.Cookie(restSessionHeader); err == nil {
		return ck.Value
	}
	return ""
}

// restLogin lets in by password alone and remembers whose the session is.
func (c *Center) restLogin(w http.ResponseWriter, r *http.Request) {
	user, pass, ok := r.BasicAuth()
	if !ok || !c.login(user, pass) {
		restError(w, http.StatusUnauthorized, "unauthenticated", "wrong user name or password")
		return
	}
	rec := &capture{header: http.Header{}}
	c.svc.ServeMux.ServeHTTP(rec, r)
	var answer struct{ Value string }
	if json.Unmarshal(rec.body.Bytes(), &answer) == nil && answer.Value != "" {
		c.sessions.add(c.sessions.rest, answer.Value, user)
	}
	maps.Copy(w.Header(), rec.header)
	if rec.status != 0 {
		w.WriteHeader(rec.status)
	}
	_, _ = w.Write(rec.body.Bytes())
}

// capture keeps an answer instead of sending it.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header         { return c.header }
func (c *capture) WriteHeader(status int)      { c.status = status }
func (c *capture) Write(p []byte) (int, error) { return c.body.Write(p) }

func restError(w http.ResponseWriter, status int, kind, msg string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type":  "com.vmware.vapi.std.errors." + kind,
		"value": map[string]any{"messages": []map[string]any{{"default_message": msg, "id": "sandbox", "args": []string{}}}},
	})
}
