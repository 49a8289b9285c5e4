package vsphere

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The client of the REST interface gives errors as text, with the server's JSON
// in it. This file reads them.

// refusal is how the client shows an answer 400: its status, then its body.
var refusal = regexp.MustCompile(`(?s)^400 [^:{]*: (\{.*\})$`)

// refusalCodes are by the last part of the error's type. What exists already is a
// tag, not the machine that is being made.
var refusalCodes = map[string]psn.Code{
	"already_exists":   psn.Conflict,
	"invalid_argument": psn.InvalidInput,
	"resource_in_use":  psn.Conflict,
	"unauthenticated":  psn.Unauthenticated,
	"unauthorized":     psn.Forbidden,
}

// readable puts an error of the REST interface in words: the messages meant for
// people, or at least the kind of error.
func readable(err error) error {
	if err == nil {
		return nil
	}
	var batch tags.BatchErrors
	if errors.As(err, &batch) {
		var said []string
		for _, b := range batch {
			said = append(said, b.Message)
		}
		return psn.Errorf(psn.Conflict, "tagging service refused: %s", strings.Join(said, "; "))
	}
	m := refusal.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	var body struct {
		Type  string
		Value struct {
			Messages []struct {
				Text string `json:"default_message"`
			}
		}
	}
	if json.Unmarshal([]byte(m[1]), &body) != nil {
		return psn.Errorf(psn.Internal, "tagging service refused the request without saying why it did (400)")
	}
	kind := body.Type[strings.LastIndex(body.Type, ".")+1:]
	var said []string
	for _, t := range body.Value.Messages {
		if t.Text != "" {
			said = append(said, t.Text)
		}
	}
	if len(said) == 0 {
		said = []string{strings.ReplaceAll(kind, "_", " ")}
	}
	code, ok := refusalCodes[kind]
	if !ok {
		code = psn.Conflict
	}
	return psn.Errorf(code, "tagging service refused: %s", strings.Join(said, "; "))
}

// isRefusal reports an answer 400.
func isRefusal(err error) bool { return err != nil && refusal.MatchString(err.Error()) }

// gone recognises that a tag or category with a known id does not exist any more.
func gone(err error) bool {
	if err == nil {
		return false
	}
	var batch tags.BatchErrors
	if errors.As(err, &batch) {
		for _, b := range batch {
			if strings.Contains(b.Type, "objectNotFound") {
				return true
			}
		}
	}
	return rest.IsStatusError(cause(err), http.StatusNotFound) || isRefusal(err) && strings.Contains(err.Error(), "not_found")
}
