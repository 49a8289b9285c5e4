package connect

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// config checks everything, site by site in the order of names.
func (c *checker) config(cfg *Config) {
	if cfg.Version != 1 {
		c.fail([]string{"version"}, "is %d: this program reads version 1", cfg.Version)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Sites)) {
		keys := []string{"sites", string(name)}
		if _, err := psn.ParseSite(string(name)); err != nil {
			c.fail(keys, "%w", err)
		}
		c.site(keys, cfg.Sites[name])
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Sources)) {
		keys := []string{"sources", name}
		if err := psn.CheckName("source name", name); err != nil {
			c.fail(keys, "%w", err)
		}
		c.site(keys, cfg.Sources[name])
		if v := cfg.Sources[name].VSphere; v != nil && v.Worker != nil {
			c.fail(append(keys, "vsphere", "worker"), "a source has no worker: target disks are attached at PSN sites")
		}
		if v := cfg.Sources[name].OpenStack; v != nil && v.Worker != nil {
			c.fail(append(keys, "openstack", "worker"), "a source has no worker: target disks are attached at PSN sites")
		}
	}
	if cfg.StateDir == "" {
		cfg.StateDir = "state"
	}
	c.path(&cfg.StateDir)
	c.engine(&cfg.Engine)
}

func (c *checker) site(keys []string, s SiteConfig) {
	if s.VSphere == nil && s.OpenStack == nil {
		c.fail(keys, "has no platform: add \"vsphere\" or \"openstack\"")
	}
	if s.VSphere != nil {
		c.vsphere(slices.Concat(keys, []string{"vsphere"}), s.VSphere)
	}
	if s.OpenStack != nil {
		c.openstack(slices.Concat(keys, []string{"openstack"}), s.OpenStack)
	}
}

func (c *checker) vsphere(keys []string, v *VSphereConfig) {
	at := func(key string) []string { return slices.Concat(keys, []string{key}) }
	if v.Endpoint == "" {
		c.fail(at("endpoint"), "is missing: use https://host[:port]/sdk")
	} else if err := vsphere.CheckEndpoint(v.Endpoint); err != nil {
		c.fail(at("endpoint"), "%w", err)
	} else if u, err := url.Parse(v.Endpoint); err == nil && strings.Trim(u.Path, "/") == "" {
		u.Path = "/sdk"
		v.Endpoint = u.String()
	}
	if v.Username == "" {
		c.fail(at("username"), "is missing")
	}
	switch {
	case v.PasswordEnv == "" && v.PasswordFile == "":
		c.fail(keys, "has neither password_env nor password_file: set one of them")
	case v.PasswordEnv != "" && v.PasswordFile != "":
		c.fail(at("password_env"), "password_env and password_file are both set: keep one")
	}
	c.file(at("password_file"), &v.PasswordFile, checkSecret)
	if v.CAFile != "" && v.ThumbprintSHA256 != "" {
		c.fail(at("ca_file"), "ca_file and thumbprint_sha256 are both set: keep one")
	}
	c.file(at("ca_file"), &v.CAFile, checkAuthority)
	if v.ThumbprintSHA256 != "" {
		if err := trust.CheckPin(v.ThumbprintSHA256); err != nil {
			c.fail(at("thumbprint_sha256"), "%w", err)
		}
	}
	if v.VCPUPerCore < 0 || v.VCPUPerCore > 64 {
		c.fail(at("vcpu_per_core"), "is %d: use 1 to 64", v.VCPUPerCore)
	}
	if h := v.HostFailures; h != nil && (*h < 0 || *h > 64) {
		c.fail(at("host_failures"), "is %d: use 0 to 64", *h)
	}
	c.worker(at("worker"), v.Worker)
}

func (c *checker) worker(keys []string, w *WorkerConfig) {
	if w == nil {
		return
	}
	if w.VM == "" {
		c.fail(slices.Concat(keys, []string{"vm"}), "is missing: name the virtual machine in which the worker runs")
	}
	if w.Devices == "" {
		w.Devices = "/dev/disk/by-id"
	}
	c.path(&w.Devices)
}

func (c *checker) engine(e *EngineConfig) {
	if e.Namespace == "" {
		e.Namespace = "psn"
	}
	if e.Dir != "" && e.Address != "" {
		c.fail([]string{"engine", "address"}, "dir and address are both set: keep one")
	}
	if e.Address != "" {
		if _, port, err := net.SplitHostPort(e.Address); err != nil || port == "" || strings.Contains(e.Address, "@") {
			c.fail([]string{"engine", "address"}, "%q is not valid: use host:port", vsphere.HideUser(e.Address))
		}
	}
	if (e.CertFile == "") != (e.KeyFile == "") {
		c.fail([]string{"engine"}, "cert_file and key_file belong together: set both or none")
	}
	c.path(&e.Dir)
	c.file([]string{"engine", "ca_file"}, &e.CAFile, checkAuthority)
	c.file([]string{"engine", "cert_file"}, &e.CertFile, checkExists)
	c.file([]string{"engine", "key_file"}, &e.KeyFile, checkExists)
}
