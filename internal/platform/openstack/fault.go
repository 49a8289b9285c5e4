package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fault gives err a psn.Code and says where it happened. what says what was
// tried, for example "create virtual machine p_bs/db-1".
func (s *Site) fault(err error, what string) error {
	if err == nil {
		return nil
	}
	code, reason := s.classify(err)
	return &psn.Error{Code: code, Err: fmt.Errorf("%s: %w", what, reason)}
}

// classify maps an error to its code and, where the original text says too
// little, to a better one.
func (s *Site) classify(err error) (psn.Code, error) {
	if u := trust.Untrusted(err); u != nil {
		return psn.Untrusted, fmt.Errorf("%s: %w", s.place(err), u)
	}
	var renewal *gophercloud.ErrUnableToReauthenticate
	if errors.As(err, &renewal) {
		return s.classify(renewal.ErrReauth) // it does not unwrap
	}
	var after *gophercloud.ErrErrorAfterReauthentication
	if errors.As(err, &after) {
		return s.classify(after.ErrOriginal)
	}
	var answer gophercloud.ErrUnexpectedResponseCode
	if errors.As(err, &answer) {
		return s.classifyAnswer(answer, err)
	}
	var own *psn.Error
	if errors.As(err, &own) {
		var at *url.Error
		if errors.As(err, &at) { // of the chain, below the client
			return own.Code, fmt.Errorf("%s: %w", s.place(err), at.Err)
		}
		return own.Code, err
	}
	var netErr net.Error
	var urlErr *url.Error
	switch {
	case errors.As(err, &urlErr):
		return psn.Unavailable, fmt.Errorf("no answer from %s: %w", s.place(err), urlErr.Err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr):
		return psn.Unavailable, err
	}
	return psn.Internal, err
}

// place says which service of which region an error came from.
func (s *Site) place(err error) string {
	var urlErr *url.Error
	address, service := s.cfg.AuthURL, serviceIdentity
	if errors.As(err, &urlErr) {
		if u, perr := url.Parse(urlErr.URL); perr == nil {
			service = s.conn.dir.service(bare(u))
			address = u.Scheme + "://" + u.Host
			if service == serviceIdentity {
				address = s.cfg.AuthURL
			}
		}
	}
	return s.serviceAt(service) + " (" + address + ")"
}

func (s *Site) serviceAt(service string) string {
	if s.cfg.Region == "" {
		return "service " + service
	}
	return fmt.Sprintf("service %s of region %q", service, s.cfg.Region)
}

// classifyAnswer maps a refusal to its code.
func (s *Site) classifyAnswer(a gophercloud.ErrUnexpectedResponseCode, err error) (psn.Code, error) {
	said := strings.TrimSuffix(message(a.Body), ".") // more may follow
	service := serviceIdentity
	if u, perr := url.Parse(a.URL); perr == nil {
		service = s.conn.dir.service(bare(u))
	}
	code := codeOf(a.Actual, said)
	reason := fmt.Errorf("%s answers %d: %s", s.serviceAt(service), a.Actual, said)
	if code == psn.Forbidden {
		reason = fmt.Errorf("%w; %s lacks the right", reason, s.cfg.who())
	}
	// What was said on the way here stays, without the client's own words.
	if before, _, ok := strings.Cut(err.Error(), a.Error()); ok && before != "" {
		reason = fmt.Errorf("%s%w", before, reason)
	}
	return code, &refusal{a.Actual, reason}
}

// refusal is the answer of a service in our words; status stays for those who
// must tell one refusal from another.
type refusal struct {
	status int
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// codeOf is the code of a status and what was said with it.
func codeOf(status int, said string) psn.Code {
	low := strings.ToLower(said)
	switch status {
	case http.StatusBadRequest:
		return psn.InvalidInput
	case http.StatusUnauthorized:
		return psn.Unauthenticated
	case http.StatusForbidden:
		if strings.Contains(low, "quota") || strings.Contains(low, "exceeded") {
			return psn.Exhausted
		}
		return psn.Forbidden
	case http.StatusNotFound, http.StatusGone:
		return psn.NotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		switch {
		case strings.Contains(low, "quota"), strings.Contains(low, "no more ip addresses"):
			return psn.Exhausted
		case strings.Contains(low, "task_state"):
			return psn.Unavailable // something else is at work; asking again may succeed
		}
		return psn.Conflict
	case http.StatusRequestEntityTooLarge:
		return psn.Exhausted
	case http.StatusNotAcceptable, http.StatusNotImplemented:
		return psn.Unsupported
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return psn.Unavailable
	}
	return psn.Internal
}

// message digs what a service says to people out of an error's body. Each wraps
// it in a shape of its own.
func message(body []byte) string {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return brief(string(body))
	}
	var top string
	if json.Unmarshal(m["message"], &top) == nil && top != "" {
		return brief(top)
	}
	for _, raw := range m {
		var inner struct {
			Message string `json:"message"` // Nova, Cinder, Neutron, Keystone
			Type    string `json:"type"`
		}
		if json.Unmarshal(raw, &inner) == nil && inner.Message != "" {
			return brief(inner.Message)
		}
		var list []struct {
			Detail string `json:"detail"` // Placement
		}
		if json.Unmarshal(raw, &list) == nil && len(list) > 0 && list[0].Detail != "" {
			return brief(list[0].Detail)
		}
	}
	return brief(string(body))
}

// brief keeps a page of HTML from filling a screen.
func brief(v string) string {
	v = strings.Join(strings.Fields(v), " ")
	const most = 400
	if r := []rune(v); len(r) > most {
		v = string(r[:most]) + "…"
	}
	if v == "" {
		v = "nothing said"
	}
	return v
}

// isStatus reports whether err is a service's answer of that status.
func isStatus(err error, status int) bool {
	if gophercloud.ResponseCodeIs(err, status) {
		return true
	}
	var r *refusal
	return errors.As(err, &r) && r.status == status
}
