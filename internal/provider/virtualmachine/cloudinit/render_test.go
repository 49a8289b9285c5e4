package cloudinit_test

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/italia/terraform-provider-psn/internal/provider/virtualmachine/cloudinit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keyOf makes a public key of the type with nothing but zeros in it.
func keyOf(kind, comment string) string {
	blob := append([]byte{0, 0, 0, byte(len(kind))}, kind...)
	blob = append(blob, make([]byte, 36)...)
	return strings.TrimSpace(kind + " " + base64.StdEncoding.EncodeToString(blob) + " " + comment)
}

func TestRenderOne(t *testing.T) {
	key := keyOf("ssh-ed25519", `"mario" rossi: #1`)
	for name, tc := range map[string]struct {
		keys []string
		own  string
		want string
	}{
		"nothing":  {nil, "", ""},
		"own only": {nil, "anything at all\x00", "anything at all\x00"},
		"keys only": {[]string{key, key + "\n"}, "", "#cloud-config\nssh_authorized_keys:\n" +
			strings.Repeat("  - \""+strings.ReplaceAll(key, `"`, `\"`)+"\"\n", 2)},
	} {
		got, err := cloudinit.Render(tc.keys, tc.own)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// part is one part as a reader of mail sees it.
type part struct{ kind, merge, body string }

// read takes a multipart document apart with the standard library's own reader.
func read(t *testing.T, header interface{ Get(string) string }, body io.Reader) []part {
	t.Helper()
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		if strings.EqualFold(header.Get("Content-Transfer-Encoding"), "base64") {
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return []part{{kind, header.Get("Merge-Type"), string(text)}}
	}
	var out []part
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, read(t, p.Header, p)...)
	}
}

func open(t *testing.T, doc []byte) []part {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(doc)))
	if err != nil {
		t.Fatal(err)
	}
	return read(t, m.Header, m.Body)
}

func TestRenderBoth(t *testing.T) {
	key := keyOf("ecdsa-sha2-nistp256", "")
	const merge = "list(append)+dict(no_replace,recurse_list)+str()"
	keys := part{"text/cloud-config", merge, "#cloud-config\nssh_authorized_keys:\n  - \"" + key + "\"\n"}
	long := "#!/bin/sh\n" + strings.Repeat("echo così è --psn-\n", 200)
	for name, tc := range map[string]struct {
		own  string
		want []part
	}{
		"cloud-config": {"#cloud-config\nhostname: così\n", []part{{"text/cloud-config", "", "#cloud-config\nhostname: così\n"}, keys}},
		"script":       {long, []part{{"text/x-shellscript", "", long}, keys}},
		"no newline":   {"#include\nhttps://example.it/a", []part{{"text/x-include-url", "", "#include\nhttps://example.it/a"}, keys}},
		"archive":      {"#cloud-config-archive\n- x\n", []part{{"text/cloud-config-archive", "", "#cloud-config-archive\n- x\n"}, keys}},
		"jinja":        {"## template: jinja\n#cloud-config\n", []part{{"text/jinja2", "", "## template: jinja\n#cloud-config\n"}, keys}},
		"multipart": {"Content-Type: multipart/mixed; boundary=\"b\"\nMIME-Version: 1.0\n\n--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--b--\n",
			[]part{{"text/x-shellscript", "", "#!/bin/sh"}, keys}},
	} {
		got, err := cloudinit.Render([]string{key}, tc.own)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, open(t, got), cmp.AllowUnexported(part{})); diff != "" {
			t.Errorf("%s: %s\n%s", name, diff, got)
		}
		again, _ := cloudinit.Render([]string{key}, tc.own)
		if string(again) != string(got) {
			t.Errorf("%s: not the same bytes twice", name)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	key := keyOf("ssh-rsa", "")
	const secret = "parola-segreta"
	for name, tc := range map[string]struct {
		keys []string
		own  string
		want string
	}{
		"private key":   {[]string{"-----BEGIN OPENSSH PRIVATE KEY-----\n" + secret}, "", "private key"},
		"two lines":     {[]string{key + "\n" + key}, "", "one key per element"},
		"not a key":     {[]string{secret}, "", "ssh-ed25519"},
		"dsa":           {[]string{keyOf("ssh-dss", "")}, "", "begin with one of"},
		"not base64":    {[]string{"ssh-rsa " + secret + "!"}, "", "base64"},
		"another type":  {[]string{"ssh-ed25519 " + strings.Fields(key)[1]}, "", "no key of that type"},
		"cut off":       {[]string{"ssh-rsa AAAA"}, "", "no key of that type"},
		"unknown first": {[]string{key}, secret, "first line"},
		"too long":      {nil, strings.Repeat(secret, cloudinit.MaxBytes), "at most"},
	} {
		got, err := cloudinit.Render(tc.keys, tc.own)
		if got != nil || !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// FuzzRender holds that what is accepted can be read back, keys and all.
func FuzzRender(f *testing.F) {
	f.Add(keyOf("ssh-ed25519", "a"), "#cloud-config\nx: 1\n")
	f.Add(keyOf("ssh-rsa", "\"\\ü"), "#!/bin/sh\n--\n")
	f.Add("ssh-rsa AAAA", "")
	f.Add("", "MIME-Version: 1.0\n")
	f.Fuzz(func(t *testing.T, key, own string) {
		doc, err := cloudinit.Render([]string{key}, own)
		if err != nil {
			if doc != nil || !psn.Is(err, psn.InvalidInput) {
				t.Fatalf("%q, %v", doc, err)
			}
			return
		}
		body := string(doc)
		if own != "" {
			if strings.HasPrefix(own, "Content-Type: multipart/") || strings.HasPrefix(own, "MIME-Version:") {
				return // its headers are the user's to get right
			}
			parts := open(t, doc)
			if len(parts) != 2 || parts[0].body != own {
				t.Fatalf("%q of %q", parts, own)
			}
			body = parts[1].body
		}
		var config struct {
			Keys []string `yaml:"ssh_authorized_keys"`
		}
		if err := yaml.Unmarshal([]byte(body), &config); err != nil || len(config.Keys) != 1 || !strings.HasPrefix(config.Keys[0], strings.Fields(key)[0]) {
			t.Fatalf("%q: %v of %q", config.Keys, err, body)
		}
	})
}
