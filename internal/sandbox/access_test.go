package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func TestLogin(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"acilia"}})
	for _, tc := range []struct{ user, pass string }{
		{sandbox.Operator, "wrong"},
		{sandbox.Operator, ""},
		{"nobody", sb.Center("acilia").Password(sandbox.Operator)},
		{sandbox.Migrator, ""},
	} {
		if _, err := dial(t, sb, "acilia", tc.user, tc.pass); !fault.Is(err, &types.InvalidLogin{}) {
			t.Errorf("login of %q with %q: %v, want InvalidLogin", tc.user, tc.pass, err)
		}
	}
	for _, f := range []string{"secrets/acilia-psn-operator", "secrets/ca-key.pem", "secrets"} {
		fi, err := os.Stat(filepath.Join(sb.Dir(), f))
		if err != nil {
			t.Fatal(err)
		}
		if m := fi.Mode().Perm(); m&0o077 != 0 {
			t.Errorf("%s has mode %o: others can read it", f, m)
		}
	}
}

func TestAuditorOnlyReads(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"acilia"}})
	ctx := testContext(t)
	c := login(t, sb, "acilia", sandbox.Auditor)
	vm := vmNamed(t, c, "psn-worker-acilia")
	if p := properties(t, vm, "summary"); p.Summary.Config.NumCpu != 4 {
		t.Errorf("auditor reads %d CPUs of the worker", p.Summary.Config.NumCpu)
	}
	_, err := vm.PowerOff(ctx)
	if !fault.Is(err, &types.NoPermission{}) {
		t.Errorf("power off by the auditor: %v", err)
	}
	_, err = vm.CreateSnapshot(ctx, "s", "", false, false)
	if !fault.Is(err, &types.NoPermission{}) {
		t.Errorf("snapshot by the auditor: %v", err)
	}
	rc := rest.NewClient(c.Client)
	if err := rc.Login(ctx, url.UserPassword(sandbox.Auditor, sb.Center("acilia").Password(sandbox.Auditor))); err != nil {
		t.Fatal(err)
	}
	tm := tags.NewManager(rc)
	if _, err := tm.GetCategories(ctx); err != nil {
		t.Errorf("categories read by the auditor: %v", err)
	}
	if _, err := tm.CreateCategory(ctx, &tags.Category{Name: "x", Cardinality: "SINGLE"}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("category made by the auditor: %v", err)
	}
	if err := rest.NewClient(c.Client).Login(ctx, url.UserPassword(sandbox.Auditor, "wrong")); err == nil {
		t.Error("REST login with a wrong password succeeded")
	}
}

func TestMigratorIsLimited(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}})
	ctx := testContext(t)
	c := login(t, sb, "brescia", sandbox.Migrator)
	vm := vmNamed(t, c, "web")
	if _, err := vm.Destroy(ctx); !fault.Is(err, &types.NoPermission{}) {
		t.Errorf("destroy by the migrator: %v", err)
	}
	if _, err := vm.Reconfigure(ctx, types.VirtualMachineConfigSpec{NumCPUs: 8}); !fault.Is(err, &types.NoPermission{}) {
		t.Errorf("resize by the migrator: %v", err)
	}
	task, err := vm.PowerOff(ctx)
	wait(t, task, err)
}

// folder makes one datastore request.
func folder(t *testing.T, hc *http.Client, method, address, user, pass string, cookie *http.Cookie) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(testContext(t), method, address, strings.NewReader("contenuto"))
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, pass)
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	res, err := hc.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, b
}

func TestDatastoreAccess(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}})
	ctx := testContext(t)
	hc := httpClient(t, sb)
	center := sb.Center("brescia")
	c := login(t, sb, "brescia", sandbox.Operator)
	base, _, _ := strings.Cut(center.Endpoint(), "/sdk")
	file := base + "/folder/prova/nota.txt?dcPath=brescia&dsName=brescia-cl01-ds01"
	twice := base + "/folder/prova/nota.txt?dcPath=%2562rescia&dsName=brescia%252dcl01%252dds01"
	op := center.Password(sandbox.Operator)

	var cookie *http.Cookie
	u, _ := url.Parse(center.Endpoint())
	for _, ck := range c.Client.Jar.Cookies(u) {
		if ck.Name == soap.SessionCookieName {
			cookie = ck
		}
	}
	if cookie == nil {
		t.Fatal("no session cookie")
	}
	for _, tc := range []struct {
		name, method, address, user, pass string
		cookie                            *http.Cookie
		want                              int
	}{
		{"no session", "GET", file, "", "", nil, 401},
		{"put without a session", "PUT", file, "", "", nil, 401},
		{"wrong password", "GET", file, sandbox.Operator, "wrong", nil, 401},
		{"made-up cookie", "GET", file, "", "", &http.Cookie{Name: soap.SessionCookieName, Value: "x"}, 401},
		{"not there yet", "GET", file, "", "", cookie, 404},
		{"put by the auditor", "PUT", file, sandbox.Auditor, center.Password(sandbox.Auditor), nil, 403},
		{"put by the migrator", "PUT", file, sandbox.Migrator, center.Password(sandbox.Migrator), nil, 403},
		{"put", "PUT", file, sandbox.Operator, op, nil, 201},
		{"get with cookie", "GET", file, "", "", cookie, 200},
		{"get quoted twice", "GET", twice, "", "", cookie, 200},
		{"get by the auditor", "GET", file, sandbox.Auditor, center.Password(sandbox.Auditor), nil, 403},
		{"delete by the auditor", "DELETE", file, sandbox.Auditor, center.Password(sandbox.Auditor), nil, 403},
		{"outside of the datastore", "GET", base + "/folder/..%2f..%2f..%2fca.pem?dcPath=brescia&dsName=brescia-cl01-ds01", sandbox.Operator, op, nil, 404},
		{"unknown datastore", "GET", strings.Replace(file, "ds01", "ds99", 1), sandbox.Operator, op, nil, 404},
		{"delete", "DELETE", file, sandbox.Operator, op, nil, 204},
		{"gone", "GET", file, sandbox.Operator, op, nil, 404},
		{"disk of a running machine", "GET", base + "/folder/web/web-flat.vmdk?dcPath=brescia&dsName=brescia-cl01-ds01", sandbox.Operator, op, nil, 500},
	} {
		if got, _ := folder(t, hc, tc.method, tc.address, tc.user, tc.pass, tc.cookie); got != tc.want {
			t.Errorf("%s: status %d, want %d", tc.name, got, tc.want)
		}
	}

	center.ExpireSessions()
	if got, _ := folder(t, hc, "GET", file, "", "", cookie); got != 401 {
		t.Errorf("get with the cookie of an expired session: status %d", got)
	}
	if _, err := methods.QueryOptions(ctx, c.Client, &types.QueryOptions{This: *c.ServiceContent.Setting}); !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("call in an expired session: %v", err)
	}
}

func TestFaults(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"pomezia"}})
	hc := httpClient(t, sb)
	center := sb.Center("pomezia")
	base, _, _ := strings.Cut(center.Endpoint(), "/sdk")
	file := base + "/folder/prova.bin?dsName=pomezia-cl01-ds01"
	op := center.Password(sandbox.Operator)
	if got, _ := folder(t, hc, "PUT", file, sandbox.Operator, op, nil); got != 201 {
		t.Fatalf("put: status %d", got)
	}

	center.FailNext(1, 503, 1500*time.Millisecond)
	r, _ := http.NewRequestWithContext(testContext(t), "GET", file, nil)
	r.SetBasicAuth(sandbox.Operator, op)
	res, err := hc.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 503 || res.Header.Get("Retry-After") != "2" {
		t.Errorf("injected fault: %s, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
	}

	center.CutNext(1, 4)
	if res, err = hc.Do(r); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	res.Body.Close()
	if string(b) != "cont" || err == nil {
		t.Errorf("cut answer: %q, %v", b, err)
	}

	center.ResetRequests()
	if got, b := folder(t, hc, "GET", file, sandbox.Operator, op, nil); got != 200 || !bytes.Equal(b, []byte("contenuto")) {
		t.Errorf("after the faults: status %d, %q", got, b)
	}
	if diff := cmp.Diff(map[string]int{"GET /folder": 1}, center.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if n := center.BytesOut(); n != int64(len("contenuto")) {
		t.Errorf("%d bytes out", n)
	}

	center.Stop()
	if res, err := hc.Do(r.Clone(testContext(t))); err == nil {
		res.Body.Close()
		t.Error("a stopped center answers")
	}
	if err := center.Resume(); err != nil {
		t.Fatal(err)
	}
	if got, _ := folder(t, hc, "GET", file, sandbox.Operator, op, nil); got != 200 {
		t.Errorf("resumed center: status %d", got)
	}
}
