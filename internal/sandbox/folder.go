package sandbox

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/vim25/soap"
)

// folderPrefix is the path of datastore files:
// /folder/PATH?dcPath=DATACENTER&dsName=DATASTORE.
const folderPrefix = "/folder/"

// serveFolder reads, writes and deletes datastore files for a session or for
// basic credentials.
func (c *Center) serveFolder(w http.ResponseWriter, r *http.Request) {
	user, ok := c.folderUser(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
		http.Error(w, "no valid session", http.StatusUnauthorized)
		return
	}
	writing := r.Method != http.MethodGet && r.Method != http.MethodHead
	if writing && !mayWriteContent(user) || !mayReadContent(user) {
		http.Error(w, "the account may not do that", http.StatusForbidden)
		return
	}
	file, ok := c.folderFile(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if c.busy(file, writing) {
		// ESXi answers so while a running machine holds the file.
		http.Error(w, "the file is locked", http.StatusInternalServerError)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		download(w, r, file)
	case http.MethodPut, http.MethodPost:
		upload(w, r, file)
	case http.MethodDelete:
		if err := os.Remove(file); err != nil {
			httpError(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// folderUser returns whose request it is.
func (c *Center) folderUser(r *http.Request) (string, bool) {
	if ck, err := r.Cookie(soap.SessionCookieName); err == nil {
		if user, ok := c.soapUser(strings.Trim(ck.Value, `"`)); ok {
			return user, true
		}
	}
	user, pass, ok := r.BasicAuth()
	return user, ok && c.login(user, pass)
}

// folderFile finds the file that a request is about. A vCenter wants dcPath and
// dsName quoted twice; once is accepted as well.
func (c *Center) folderFile(r *http.Request) (string, bool) {
	q := r.URL.Query()
	dc, store := unquote(q.Get("dcPath")), unquote(q.Get("dsName"))
	if c.stores[store] == nil || dc != "" && strings.Trim(dc, "/") != c.datacenter {
		return "", false
	}
	rel := strings.TrimPrefix(r.URL.Path, folderPrefix)
	if rel == "" || strings.Contains(rel, "..") {
		return "", false
	}
	return filepath.Join(c.root, store, filepath.FromSlash(path.Clean(rel))), true
}

func unquote(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// busy reports whether a running machine keeps the file from being used: always
// for writing, and for reading while no snapshot freezes it.
func (c *Center) busy(file string, writing bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.disks[file]
	if d == nil {
		return false
	}
	for m := range d.users {
		if m.running() && (writing || c.opt.LockBaseDisks || !d.frozen()) {
			return true
		}
	}
	return false
}

func download(w http.ResponseWriter, r *http.Request, file string) {
	f, err := os.Open(file)
	if err != nil {
		httpError(w, err)
		return
	}
	defer f.Close()
	fi, err := f.Stat()
	if err == nil && fi.IsDir() {
		err = os.ErrPermission
	}
	if err != nil {
		httpError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", fi.ModTime(), f)
}

func upload(w http.ResponseWriter, r *http.Request, file string) {
	if _, err := os.Stat(file); err == nil && r.Method == http.MethodPost {
		http.Error(w, "the file exists", http.StatusConflict)
		return
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		httpError(w, err)
		return
	}
	f, err := os.Create(file)
	if err != nil {
		httpError(w, err)
		return
	}
	_, err = io.Copy(f, r.Body)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		httpError(w, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func httpError(w http.ResponseWriter, err error) {
	switch {
	case os.IsNotExist(err):
		http.Error(w, "not found", http.StatusNotFound)
	case os.IsPermission(err):
		http.Error(w, "forbidden", http.StatusForbidden)
	default:
		http.Error(w, "input/output error", http.StatusInternalServerError)
	}
}
