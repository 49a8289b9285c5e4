package acceptance_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type object = map[string]any

// client speaks to one site of the lab as its administrator.
type client struct {
	t       *testing.T
	lab     *openstacklab.Lab
	site    *openstacklab.Site
	http    *http.Client
	token   string
	project string
	urls    map[string]string // type of service to public URL, of this site, from the catalogue
}

func httpClient(t *testing.T, lab *openstacklab.Lab) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(lab.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", lab.CAFile)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: time.Minute}
}

func login(t *testing.T, name psn.Site) *client {
	t.Helper()
	lab := openstacklab.Find(t)
	c := &client{t: t, lab: lab, site: lab.Site(t, name), http: httpClient(t, lab), urls: map[string]string{}}
	c.authenticate()
	return c
}

func (c *client) authenticate() {
	c.t.Helper()
	password, err := c.lab.Password()
	if err != nil {
		c.t.Fatal(err)
	}
	domain := object{"id": "default"}
	body, err := json.Marshal(object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": object{
			"name": "admin", "domain": domain, "password": password}}},
		"scope": object{"project": object{"name": "admin", "domain": domain}},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.lab.AuthURL+"/auth/tokens", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		c.t.Fatalf("login: %s", res.Status)
	}
	var answer struct {
		Token struct {
			Project struct{ ID string }
			Catalog []struct {
				Type      string
				Endpoints []struct{ Interface, Region, URL string }
			}
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		c.t.Fatal(err)
	}
	c.token, c.project = res.Header.Get("X-Subject-Token"), answer.Token.Project.ID
	for _, s := range answer.Token.Catalog {
		for _, e := range s.Endpoints {
			if e.Region == c.site.Region && e.Interface == "public" {
				c.urls[s.Type] = e.URL
			}
		}
	}
}

// send returns the status and the decoded answer.
func (c *client) send(ctx context.Context, method, service, path string, body any, out any) (int, error) {
	base := c.urls[service]
	switch service {
	case "network":
		base += "/v2.0"
	case "image":
		base += "/v2"
	}
	var r io.Reader
	if raw, ok := body.(io.Reader); ok {
		r = raw
	} else if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, r)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Auth-Token", c.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if _, ok := body.(io.Reader); ok {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, err
	}
	if res.StatusCode >= 300 {
		return res.StatusCode, fmt.Errorf("%s %s: %s: %s", method, req.URL, res.Status, strings.TrimSpace(string(data)))
	}
	if out == nil || len(data) == 0 {
		return res.StatusCode, nil
	}
	return res.StatusCode, json.Unmarshal(data, out)
}

// call sends a request that must succeed.
func (c *client) call(method, service, path string, body any, out any) {
	c.t.Helper()
	if _, err := c.send(c.t.Context(), method, service, path, body, out); err != nil {
		c.t.Fatal(err)
	}
}

type made struct {
	ID     string
	Status string
}

// volume makes a volume and deletes it with the test.
func (c *client) volume(fields object) string {
	c.t.Helper()
	var out struct{ Volume made }
	c.call(http.MethodPost, "volumev3", "/volumes", object{"volume": fields}, &out)
	id := out.Volume.ID
	c.t.Cleanup(func() { c.remove("volumev3", "/volumes/"+id) })
	c.volumeIs(id, "available")
	return id
}

func (c *client) volumeIs(id, want string) {
	c.t.Helper()
	c.await("volume "+id+" "+want, func() (bool, error) {
		var out struct{ Volume made }
		_, err := c.send(c.t.Context(), http.MethodGet, "volumev3", "/volumes/"+id, nil, &out)
		if err == nil && strings.HasPrefix(out.Volume.Status, "error") {
			err = fmt.Errorf("it is in status %s", out.Volume.Status)
		}
		return out.Volume.Status == want, err
	})
}

// server makes a server, waits until it is active, and deletes it with the test.
func (c *client) server(fields, hints object) string {
	c.t.Helper()
	var out struct{ Server made }
	c.call(http.MethodPost, "compute", "/servers", object{"server": fields, "os:scheduler_hints": hints}, &out)
	id := out.Server.ID
	c.t.Cleanup(func() { c.remove("compute", "/servers/"+id) })
	c.await("server "+id+" active", func() (bool, error) {
		var out struct{ Server struct{ Status, Fault any } }
		_, err := c.send(c.t.Context(), http.MethodGet, "compute", "/servers/"+id, nil, &out)
		if err == nil && out.Server.Status == "ERROR" {
			err = fmt.Errorf("it is in status ERROR: %v", out.Server.Fault)
		}
		return out.Server.Status == "ACTIVE", err
	})
	return id
}

// remove deletes and waits until it is gone; the test's own context is over by then.
func (c *client) remove(service, path string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if status, _ := c.send(ctx, http.MethodDelete, service, path, nil, nil); status == http.StatusNotFound {
			return
		}
		time.Sleep(time.Second)
	}
	c.t.Errorf("%s was not removed", path)
}

func (c *client) await(what string, done func() (bool, error)) {
	c.t.Helper()
	for end := time.Now().Add(4 * time.Minute); ; time.Sleep(time.Second) {
		ok, err := done()
		if err != nil {
			c.t.Fatalf("%s: %v", what, err)
		}
		if ok {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("%s: not within four minutes", what)
		}
	}
}

// named returns the id of the object of that name.
func (c *client) named(service, path, list, name string) string {
	c.t.Helper()
	var out map[string]json.RawMessage
	c.call(http.MethodGet, service, path, nil, &out)
	var all []struct{ ID, Name string }
	if err := json.Unmarshal(out[list], &all); err != nil {
		c.t.Fatal(err)
	}
	for _, o := range all {
		if o.Name == name {
			return o.ID
		}
	}
	c.t.Fatalf("%s%s has nothing named %q", service, path, name)
	return ""
}
