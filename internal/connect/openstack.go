package connect

import (
	"context"
	"net/url"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// openstack checks one region and fills in what an entry of a clouds.yaml says.
func (c *checker) openstack(keys []string, o *OpenStackConfig) {
	at := func(key string) []string { return slices.Concat(keys, []string{key}) }
	c.file(at("ca_file"), &o.CAFile, checkAuthority)
	switch {
	case (o.CloudsFile == "") != (o.Cloud == ""):
		c.fail(keys, "clouds_file and cloud belong together: set both or none")
		return
	case o.Cloud != "":
		c.path(&o.CloudsFile)
		if !c.cloud(keys, o) {
			return
		}
	}
	if o.AuthURL == "" {
		c.fail(at("auth_url"), "is missing: use https://host[:port]/v3, or name an entry of a clouds.yaml with clouds_file and cloud")
	} else if err := openstack.CheckAuthURL(o.AuthURL); err != nil {
		c.fail(at("auth_url"), "%w", err)
	} else if u, err := url.Parse(o.AuthURL); err == nil && (u.Path == "" || u.Path == "/") {
		u.Path = "/v3"
		o.AuthURL = u.String()
	}
	c.who(keys, o)
	if o.CAFile != "" && o.ThumbprintSHA256 != "" {
		c.fail(at("ca_file"), "ca_file and thumbprint_sha256 are both set: keep one")
	}
	if o.ThumbprintSHA256 != "" {
		if err := trust.CheckPin(o.ThumbprintSHA256); err != nil {
			c.fail(at("thumbprint_sha256"), "%w", err)
		}
	}
	if h := o.HostFailures; h != nil && (*h < 0 || *h > 64) {
		c.fail(at("host_failures"), "is %d: use 0 to 64", *h)
	}
	c.worker(at("worker"), o.Worker)
}

// who checks that there is one credential, and one secret to it.
func (c *checker) who(keys []string, o *OpenStackConfig) {
	at := func(key string) []string { return slices.Concat(keys, []string{key}) }
	c.file(at("password_file"), &o.PasswordFile, checkSecret)
	c.file(at("application_credential_secret_file"), &o.CredentialSecretFile, checkSecret)
	count := func(set ...bool) (n int) {
		for _, s := range set {
			if s {
				n++
			}
		}
		return n
	}
	passwords := count(o.PasswordEnv != "", o.PasswordFile != "")
	secrets := count(o.CredentialSecretEnv != "", o.CredentialSecretFile != "")
	if o.secretInCloud {
		passwords, secrets = passwords+count(o.CredentialID == ""), secrets+count(o.CredentialID != "")
	}
	if o.CredentialID != "" {
		switch {
		case o.Username != "" || passwords > 0:
			c.fail(at("application_credential_id"), "an application credential and a user with a password are both set: keep one")
		case secrets != 1:
			c.fail(keys, "has %d secrets of the application credential: set one of application_credential_secret_env, application_credential_secret_file and a secret in clouds.yaml", secrets)
		}
		return
	}
	if secrets > 0 {
		c.fail(keys, "has the secret of an application credential but no application_credential_id: set it")
	}
	if o.Username == "" {
		c.fail(at("username"), "is missing")
	}
	if o.Project == "" && o.projectID == "" {
		c.fail(at("project"), "is missing: name the operator's own project")
	}
	if passwords != 1 {
		c.fail(keys, "has %d passwords: set one of password_env, password_file and a password in clouds.yaml", passwords)
	}
}

// openstack returns the function that connects one region.
func (cfg *Config) openstack(key string, site psn.Site, o *OpenStackConfig) func(context.Context) (driver.Site, error) {
	c := openstack.Config{
		Site: site, AuthURL: o.AuthURL, Region: o.Region, Interface: o.catalogInterface,
		Username: o.Username, UserDomain: o.UserDomain, UserDomainID: o.userDomainID,
		Project: o.Project, ProjectID: o.projectID, ProjectDomain: o.ProjectDomain, ProjectDomainID: o.projectDomainID,
		CredentialID: o.CredentialID,
		CAFile:       o.CAFile, PinSHA256: o.ThumbprintSHA256,
		TenantDomain: o.TenantDomain, CreateFlavors: o.CreateFlavors, Uplink: o.Uplink, DefaultNetwork: o.DefaultNetwork,
		HostFailures: -1,
	}
	if o.HostFailures != nil {
		c.HostFailures = *o.HostFailures
	}
	known := secret(key, "password", o.PasswordEnv, o.PasswordFile, cfg.getenv)
	if o.CredentialID != "" {
		known = secret(key, "application_credential_secret", o.CredentialSecretEnv, o.CredentialSecretFile, cfg.getenv)
	}
	if o.secretInCloud {
		known = func() (string, error) { return cloudSecret(key, o.CloudsFile, o.Cloud) }
	}
	c.Password, c.CredentialSecret = known, known
	return func(ctx context.Context) (driver.Site, error) {
		// A mistake of this machine is told as such even when the site is down.
		if _, err := known(); err != nil {
			return nil, err
		}
		s, err := openstack.Open(ctx, c)
		if err != nil {
			return nil, err // a nil *openstack.Site would not be a nil driver.Site
		}
		return s, nil
	}
}
