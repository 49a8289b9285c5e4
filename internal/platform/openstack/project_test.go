package openstack_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// paged answers the list of projects in pages of one.
func paged(t *testing.T, cut string) *cloud {
	t.Helper()
	c := newCloudWith(t, "")
	c.mux.HandleFunc("GET /identity/v3/projects", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		body := `{"projects": [{"id": "t0", "name": "p_aa", "tags": ["psn", "site:acilia"]}]` + cut
		if cut == "" {
			body += `, "truncated": true, "links": {"next": "http://10.0.0.1/v3/projects?limit=1&marker=t0"}}`
		}
		if q.Get("marker") == "t0" && q.Get("tags") == "psn,site:acilia" {
			body = `{"projects": [{"id": "t1", "name": "p_bs", "tags": ["psn", "site:acilia"]}], "links": {"next": null}}`
		}
		_, _ = w.Write([]byte(body))
	})
	return c
}

// TestEveryPageOfProjects: a tenant of the second page is as much one as any.
func TestEveryPageOfProjects(t *testing.T) {
	c := paged(t, "")
	c.answer("GET /compute/v2.1/servers/s1", `{"server": {"id": "s1", "tenant_id": "t1", "metadata": {"psn.id": "p_bs/db"}}}`)
	c.answer("GET /network/v2.0/ports", `{"ports": []}`)
	vm, err := open(t, c.config(t)).DescribeVM(bounded(t), "s1")
	if err != nil || vm.ID != "p_bs/db" {
		t.Errorf("%+v, %v", vm, err)
	}
}

// TestCutListOfProjects: what is not listed is not gone.
func TestCutListOfProjects(t *testing.T) {
	c := paged(t, `, "truncated": true, "links": {"next": null}}`)
	c.answer("GET /compute/v2.1/servers/s1", `{"server": {"id": "s1", "tenant_id": "t1", "metadata": {"psn.id": "p_bs/db"}}}`)
	_, err := open(t, c.config(t)).DescribeVM(bounded(t), "s1")
	if !psn.Is(err, psn.Internal) || !strings.Contains(err.Error(), "list_limit") {
		t.Errorf("err = %v", err)
	}
}
