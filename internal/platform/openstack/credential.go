package openstack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Credentials = (*Site)(nil)

// CreateCredential implements driver.Credentials: an application credential of
// the operator's user in the tenant's project. It can make no other credential.
// Its secret is told once only: names end by chance, so that a second try after
// a lost answer makes another, and the first ends when it expires.
func (s *Site) CreateCredential(ctx context.Context, t psn.TenantID, name string, roles []string, expires time.Time) (*driver.Credential, error) {
	c, err := s.createCredential(ctx, t, name, roles, expires)
	return c, s.fault(err, fmt.Sprintf("create credential %q of tenant %s", name, t))
}

func (s *Site) createCredential(ctx context.Context, t psn.TenantID, name string, roles []string, expires time.Time) (*driver.Credential, error) {
	if !expires.After(time.Now()) {
		return nil, psn.Errorf(psn.InvalidInput, "the credential would expire at %s, which is past: choose a later time", expires.Format(time.RFC3339))
	}
	if len(roles) == 0 {
		roles = []string{s.cfg.TenantRole}
	}
	project, err := s.projectOf(ctx, t)
	if err != nil {
		return nil, err
	}
	c, err := s.conn.identity(ctx, project)
	if err != nil {
		return nil, err
	}
	sc, err := s.conn.scoped(ctx, project)
	if err != nil {
		return nil, err
	}
	chance := make([]byte, 4)
	if _, err := rand.Read(chance); err != nil {
		return nil, err
	}
	given := []map[string]string{}
	for _, r := range roles {
		given = append(given, map[string]string{"name": r})
	}
	var made struct {
		Credential struct {
			ID     string `json:"id"`
			Name   string `json:"name"`
			Secret string `json:"secret"`
		} `json:"application_credential"`
	}
	err = send(ctx, c, http.MethodPost, "users/"+sc.user+"/application_credentials", map[string]any{"application_credential": map[string]any{
		"name":        fmt.Sprintf("psn:%s:%s:%s", t, name, hex.EncodeToString(chance)),
		"description": fmt.Sprintf("of tenant %s", t),
		"roles":       given, "expires_at": expires.UTC().Format("2006-01-02T15:04:05.000000"), "unrestricted": false,
	}}, &made)
	if hasStatus(err, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound) {
		err = &psn.Error{Code: psn.InvalidInput, Err: fmt.Errorf("roles %s: %w: ask for roles that %s has in the tenant's project", quoted(roles), s.words(err), s.cfg.who())}
	}
	if err != nil {
		return nil, err
	}
	return &driver.Credential{
		Ref: made.Credential.ID, Name: made.Credential.Name, Secret: made.Credential.Secret, Expires: expires,
		AuthURL: s.cfg.AuthURL, Region: s.cfg.Region, Project: project,
	}, nil
}

// DeleteCredential implements driver.Credentials. One of another tenant is
// refused.
func (s *Site) DeleteCredential(ctx context.Context, t psn.TenantID, ref string) error {
	err := s.deleteCredential(ctx, t, ref)
	if gone(err) {
		return nil
	}
	return s.fault(err, fmt.Sprintf("delete credential %s of tenant %s", ref, t))
}

func (s *Site) deleteCredential(ctx context.Context, t psn.TenantID, ref string) error {
	p, err := s.findProject(ctx, t)
	if err != nil || p == nil {
		return err // credentials end with their project
	}
	c, err := s.identity(ctx)
	if err != nil {
		return err
	}
	sc, err := s.conn.scoped(ctx, "")
	if err != nil {
		return err
	}
	path := "users/" + sc.user + "/application_credentials/" + url.PathEscape(ref)
	var page struct {
		Credential struct {
			Project string `json:"project_id"`
		} `json:"application_credential"`
	}
	if err := get(ctx, c, path, &page); err != nil {
		return err
	}
	if page.Credential.Project != p.ID {
		return psn.Errorf(psn.InvalidInput, "credential %s is not of this tenant", ref)
	}
	return send(ctx, c, http.MethodDelete, path, nil, nil)
}
