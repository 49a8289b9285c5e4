package cloudinit

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// MaxBytes is the largest document that both platforms take: OpenStack's compute
// service limits it to 65 535 characters of base64, as its API reference says.
const MaxBytes = 65535 / 4 * 3

// How a document says what it is, in its first line.
var kinds = []struct{ begins, mime string }{
	{"#cloud-config-archive", "text/cloud-config-archive"},
	{"#cloud-config", "text/cloud-config"},
	{"#cloud-boothook", "text/cloud-boothook"},
	{"#include-once", "text/x-include-once-url"},
	{"#include", "text/x-include-url"},
	{"#part-handler", "text/part-handler"},
	{"## template: jinja", "text/jinja2"},
	{"#!", "text/x-shellscript"},
}

// mergeKeys makes the keys follow those that the user's document has, instead of
// being left out because there are some, and changes nothing else of it.
const mergeKeys = "list(append)+dict(no_replace,recurse_list)+str()"

// Render returns the document for the keys and the user's own document, which
// may be empty; nil when there is nothing to say. With both it is a multipart
// document with the user's first. The same input gives the same bytes. The
// errors are psn.InvalidInput and never repeat the document.
func Render(keys []string, own string) ([]byte, error) {
	for _, k := range keys {
		if err := CheckKey(k); err != nil {
			return nil, err
		}
	}
	doc := own
	switch {
	case len(keys) > 0 && own == "":
		doc = cloudConfig(keys)
	case len(keys) > 0:
		part, err := partOf(own)
		if err != nil {
			return nil, err
		}
		doc = multipart(part, "Content-Type: text/cloud-config; charset=\"utf-8\"\nMerge-Type: "+mergeKeys+"\n"+encoded(cloudConfig(keys)))
	}
	if len(doc) > MaxBytes {
		return nil, psn.Errorf(psn.InvalidInput, "the document for cloud-init has %d bytes with the keys in it, at most %d are taken: let a short one fetch the rest (#include)", len(doc), MaxBytes)
	}
	if doc == "" {
		return nil, nil
	}
	return []byte(doc), nil
}

// cloudConfig gives the keys to the image's default user.
func cloudConfig(keys []string) string {
	var b strings.Builder
	b.WriteString("#cloud-config\nssh_authorized_keys:\n")
	for _, k := range keys {
		// A JSON string is a YAML one.
		quoted, _ := json.Marshal(strings.TrimSpace(k))
		b.WriteString("  - " + string(quoted) + "\n")
	}
	return b.String()
}

// partOf is the user's document as a part, with the headers that tell its kind.
func partOf(own string) (string, error) {
	if head, _, _ := strings.Cut(own, "\n"); strings.HasPrefix(head, "Content-Type: multipart/") || strings.HasPrefix(head, "MIME-Version:") {
		return own, nil // it has headers of its own
	}
	for _, k := range kinds {
		if strings.HasPrefix(own, k.begins) {
			return "Content-Type: " + k.mime + "; charset=\"utf-8\"\n" + encoded(own), nil
		}
	}
	var begins []string
	for _, k := range kinds {
		begins = append(begins, k.begins)
	}
	return "", psn.Errorf(psn.InvalidInput, "the first line does not say what the document is, so that it cannot be joined with SSH keys: begin it with one of %s, or with MIME headers, as cloud-init wants it",
		strings.Join(begins, ", "))
}

// encoded is the body of a part in base64, in which no boundary can occur.
func encoded(body string) string {
	const line = 76
	text := base64.StdEncoding.EncodeToString([]byte(body))
	var b strings.Builder
	b.WriteString("MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n")
	for len(text) > line {
		b.WriteString(text[:line] + "\n")
		text = text[line:]
	}
	b.WriteString(text + "\n")
	return b.String()
}

// multipart joins parts. The boundary follows from them, so that the same parts
// give the same bytes and none of them holds it.
func multipart(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	boundary := "psn-" + hex.EncodeToString(sum[:16])
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\nMIME-Version: 1.0\n\n")
	for _, p := range parts {
		b.WriteString("--" + boundary + "\n" + strings.TrimSuffix(p, "\n") + "\n\n")
	}
	b.WriteString("--" + boundary + "--\n")
	return b.String()
}
