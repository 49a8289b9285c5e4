// Package diagnose words what went wrong for people: summary "Unable to <verb>
// <object>", detail with what happened, where and what to do. It must not know
// any resource.
package diagnose

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Unable returns an error diagnostic for err. object says what it was about,
// for example `virtual machine "p_bs/protocollo-db-1"`.
func Unable(verb, object string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic(Summary(verb, object), Detail(err))
}

// UnableAt is Unable with the attribute to blame, whose name is no word to begin
// with a capital.
func UnableAt(p path.Path, verb, object string, err error) diag.Diagnostic {
	detail, text := Detail(err), err.Error()
	for _, step := range p.Steps() {
		if name, ok := step.(path.PathStepAttributeName); ok && begins(text, string(name)) {
			detail = text[:1] + detail[1:]
		}
	}
	return diag.NewAttributeErrorDiagnostic(p, Summary(verb, object), detail)
}

// begins reports whether the text begins with the name as a name: "site" may be a
// word as well, as in "site acilia".
func begins(text, name string) bool {
	rest, ok := strings.CutPrefix(text, name)
	if !ok || strings.Contains(name, "_") {
		return ok
	}
	return rest != "" && (strings.ContainsAny(rest[:1], ":[.") || len(rest) > 1 && rest[0] == ' ' && strings.ContainsAny(rest[1:2], `"0123456789`))
}

// Warn returns a warning for err: the operation went on without the part that failed.
func Warn(verb, object string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic(Summary(verb, object), Detail(err))
}

// Summary is the first line of a diagnostic.
func Summary(verb, object string) string { return "Unable to " + verb + " " + object }

// Detail words err and what to do about it.
func Detail(err error) string {
	text := sentence(err.Error())
	if r := remedy(err); r != "" {
		text += "\n\n" + r
	}
	return text
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func remedy(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "The time allowed ran out. Look at the site's task list, then apply again: what was made is found again by its id. The timeouts block allows more time. When the plan says that it is tainted it would be replaced: `terraform untaint` (or `tofu untaint`) first keeps what stands."
	}
	if errors.Is(err, context.Canceled) {
		return "It was interrupted, not refused. What was begun may stand at the site, and the site may still be at it: the next apply finds it by its id. When the plan says that it is tainted it would be replaced: `terraform untaint` (or `tofu untaint`) first keeps what stands."
	}
	switch psn.CodeOf(err) {
	case psn.InvalidInput:
		return "Correct the value named above; nothing was changed."
	case psn.NotFound:
		return "Check the name, and that the object was not removed outside of Terraform."
	case psn.AlreadyExists:
		return "What stands there already is not what is asked for. Choose another name, or remove, rename or import what stands."
	case psn.Conflict:
		return "The state of the object forbids this. Resolve what is named above, then apply again."
	case psn.Unauthenticated:
		return "Check user name and password: the variable or file named for this site in the provider's configuration file."
	case psn.Forbidden:
		return "The user is known but lacks a privilege. Ask the site's administrator to grant it."
	case psn.Untrusted:
		return "The server's TLS identity does not match the CA or the SHA-256 thumbprint in the configuration file. Check that the endpoint is the right one before changing the pin."
	case psn.Unavailable:
		return "The site did not answer. Check the network and the endpoint, then run again: nothing already made is lost."
	case psn.Exhausted:
		return "No capacity or quota is left there. Free some, or let psn_placement choose with a fresh inventory."
	case psn.Stale, psn.Unsupported, psn.Corrupt, psn.Internal:
	}
	return ""
}
