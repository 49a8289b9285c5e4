package connect

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// cloudEntry is what is read of an entry of a clouds.yaml, the file that all
// OpenStack clients share. Other keys are other clients' affair.
type cloudEntry struct {
	Auth struct {
		AuthURL             string `yaml:"auth_url"`
		Username            string `yaml:"username"`
		Password            string `yaml:"password"`
		ProjectName         string `yaml:"project_name"`
		ProjectID           string `yaml:"project_id"`
		UserDomainName      string `yaml:"user_domain_name"`
		UserDomainID        string `yaml:"user_domain_id"`
		ProjectDomainName   string `yaml:"project_domain_name"`
		ProjectDomainID     string `yaml:"project_domain_id"`
		DomainName          string `yaml:"domain_name"` // of user and project, where those have none
		DomainID            string `yaml:"domain_id"`
		CredentialID        string `yaml:"application_credential_id"`
		CredentialSecret    string `yaml:"application_credential_secret"`
		CredentialName      string `yaml:"application_credential_name"`
		Token               string `yaml:"token"`
		SystemScope         string `yaml:"system_scope"`
		ProjectNameObsolete string `yaml:"tenant_name"`
	} `yaml:"auth"`
	Region    string `yaml:"region_name"`
	Interface string `yaml:"interface"`
	AuthType  string `yaml:"auth_type"`
	CACert    string `yaml:"cacert"`
	Verify    *bool  `yaml:"verify"`
	Insecure  bool   `yaml:"insecure"`
	Profile   string `yaml:"profile"`
	Regions   any    `yaml:"regions"`
}

// readCloud reads one entry. The error never shows what the file holds.
func readCloud(file, name string) (*cloudEntry, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var page struct {
		Clouds map[string]cloudEntry `yaml:"clouds"`
	}
	if err := yaml.Unmarshal(b, &page); err != nil {
		text := shownValueRe.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "")
		return nil, fmt.Errorf("%s is no clouds.yaml: %s", file, text)
	}
	entry, ok := page.Clouds[name]
	if !ok {
		return nil, fmt.Errorf("%s has no cloud %q: it has %q", file, name, slices.Sorted(maps.Keys(page.Clouds)))
	}
	return &entry, nil
}

// secret is the entry's password or secret; "" when it holds none.
func (e *cloudEntry) secret() string { return cmp.Or(e.Auth.CredentialSecret, e.Auth.Password) }

// check refuses what would be read and not kept.
func (e *cloudEntry) check() error {
	switch {
	case e.Verify != nil && !*e.Verify, e.Insecure:
		return errors.New("turns the verification of certificates off (verify: false, or insecure): remove that, and set cacert to the authority that signed them, or ca_file or thumbprint_sha256 here")
	case e.Auth.Token != "" || e.AuthType != "" && !slices.Contains([]string{"password", "v3password", "v3applicationcredential"}, e.AuthType):
		return errors.New("logs in otherwise than by a password or an application credential: use one of these")
	case e.Auth.CredentialName != "" && e.Auth.CredentialID == "":
		return errors.New("names an application credential by its name: use application_credential_id")
	case e.Auth.SystemScope != "":
		return errors.New("asks for a token of the whole system: name a project")
	case e.Auth.ProjectNameObsolete != "":
		return errors.New("has tenant_name, which is obsolete: use project_name")
	case e.Profile != "":
		return errors.New("refers to a vendor's profile, which is not read: write what it says into the entry")
	}
	return nil
}

// cloud fills o from its entry of clouds.yaml. It reports whether that could be read.
func (c *checker) cloud(keys []string, o *OpenStackConfig) bool {
	at := func(key string) []string { return slices.Concat(keys, []string{key}) }
	e, err := readCloud(o.CloudsFile, o.Cloud)
	if err == nil && e.secret() != "" {
		err = checkSecret(o.CloudsFile)
	}
	if err != nil {
		c.fail(at("clouds_file"), "%w", err)
		return false
	}
	if err := e.check(); err != nil {
		c.fail(at("cloud"), "entry %q of %s %w", o.Cloud, o.CloudsFile, err)
		return false
	}
	join := func(key string, ours *string, theirs string) {
		switch {
		case *ours == "":
			*ours = theirs
		case theirs != "" && theirs != *ours:
			c.fail(at(key), "is %q, and entry %q of %s says %q: keep one", *ours, o.Cloud, o.CloudsFile, theirs)
		}
	}
	join("auth_url", &o.AuthURL, e.Auth.AuthURL)
	join("region", &o.Region, e.Region)
	join("application_credential_id", &o.CredentialID, e.Auth.CredentialID)
	join("project", &o.Project, e.Auth.ProjectName)
	join("username", &o.Username, e.Auth.Username)
	join("user_domain", &o.UserDomain, cmp.Or(e.Auth.UserDomainName, e.Auth.DomainName))
	join("project_domain", &o.ProjectDomain, cmp.Or(e.Auth.ProjectDomainName, e.Auth.DomainName))
	if o.UserDomain == "" {
		o.userDomainID = cmp.Or(e.Auth.UserDomainID, e.Auth.DomainID)
	}
	if o.ProjectDomain == "" {
		o.projectDomainID = cmp.Or(e.Auth.ProjectDomainID, e.Auth.DomainID)
	}
	if o.Project == "" {
		o.projectID = e.Auth.ProjectID
	}
	o.catalogInterface, o.secretInCloud = strings.TrimSuffix(e.Interface, "URL"), e.secret() != ""
	if e.CACert != "" && o.ThumbprintSHA256 == "" {
		ca := e.CACert
		if !filepath.IsAbs(ca) {
			ca = filepath.Join(filepath.Dir(o.CloudsFile), ca)
		}
		join("ca_file", &o.CAFile, ca)
		if err := checkAuthority(o.CAFile); err != nil {
			c.fail(at("cloud"), "cacert of entry %q: %w", o.Cloud, err)
		}
	}
	return true
}

// cloudSecret reads the secret of an entry.
func cloudSecret(key, file, name string) (string, error) {
	if err := checkSecret(file); err != nil {
		return "", psn.Errorf(psn.InvalidInput, "%s.clouds_file: %w", key, err)
	}
	e, err := readCloud(file, name)
	if err != nil {
		return "", psn.Errorf(psn.InvalidInput, "%s.clouds_file: %w", key, err)
	}
	if s := e.secret(); s != "" {
		return s, nil
	}
	return "", psn.Errorf(psn.InvalidInput, "%s.cloud: entry %q of %s holds no password any more", key, name, file)
}
