package connect

import "github.com/italia/terraform-provider-psn/internal/psn"

// Config is psn.yaml. Relative paths are relative to the file's folder. Secrets
// never stand in it: only the name of a variable or the path of a file.
type Config struct {
	Version  int                     `yaml:"version"` // 1
	Sites    map[psn.Site]SiteConfig `yaml:"sites"`
	Sources  map[string]SiteConfig   `yaml:"sources"`
	Engine   EngineConfig            `yaml:"engine"`
	StateDir string                  `yaml:"state_dir"` // ledgers and manifests of this machine's worker; default "state"

	// getenv resolves the variables that hold passwords, when they are needed.
	getenv func(string) string
}

// SiteConfig lists the platforms of a site or source.
type SiteConfig struct {
	VSphere   *VSphereConfig   `yaml:"vsphere,omitempty"`
	OpenStack *OpenStackConfig `yaml:"openstack,omitempty"`
}

// OpenStackConfig reaches one region of an OpenStack: by an entry of a
// clouds.yaml, or by the fields below it. What both give must not differ.
type OpenStackConfig struct {
	CloudsFile string `yaml:"clouds_file,omitempty"` // path of a clouds.yaml, mode 0600 when it holds a secret
	Cloud      string `yaml:"cloud,omitempty"`       // entry of it

	AuthURL       string `yaml:"auth_url,omitempty"` // https://host[:port]/v3
	Region        string `yaml:"region,omitempty"`   // of the service catalogue
	Username      string `yaml:"username,omitempty"`
	UserDomain    string `yaml:"user_domain,omitempty"` // default "Default"
	Project       string `yaml:"project,omitempty"`     // of the operator; tenants have their own
	ProjectDomain string `yaml:"project_domain,omitempty"`
	PasswordEnv   string `yaml:"password_env,omitempty"`
	PasswordFile  string `yaml:"password_file,omitempty"`
	// Instead of user and password.
	CredentialID         string `yaml:"application_credential_id,omitempty"`
	CredentialSecretEnv  string `yaml:"application_credential_secret_env,omitempty"`
	CredentialSecretFile string `yaml:"application_credential_secret_file,omitempty"`

	CAFile           string `yaml:"ca_file,omitempty"`
	ThumbprintSHA256 string `yaml:"thumbprint_sha256,omitempty"`
	TenantDomain     string `yaml:"tenant_domain,omitempty"` // where tenants' projects are; default "Default"
	// CreateFlavors lets a size that no flavour has be made as a private flavour
	// of the tenant. Needs the right to do so; default false.
	CreateFlavors  bool          `yaml:"create_flavors,omitempty"`
	Uplink         string        `yaml:"uplink,omitempty"`          // external network of tenants' routers
	DefaultNetwork string        `yaml:"default_network,omitempty"` // of machines that name none; empty means the tenant's only one
	Worker         *WorkerConfig `yaml:"worker,omitempty"`
	// HostFailures is how many hosts of an availability zone are held back;
	// default 1, a rule of this project, not of any norm.
	HostFailures *int64 `yaml:"host_failures,omitempty"`

	// What only a clouds.yaml says.
	userDomainID, projectDomainID, projectID, catalogInterface string
	// secretInCloud says that the entry of clouds.yaml holds the password or the
	// credential's secret. It is read again whenever it is needed, and kept nowhere.
	secretInCloud bool
}

// VSphereConfig reaches one vCenter.
type VSphereConfig struct {
	Endpoint         string        `yaml:"endpoint"` // https://host[:port]/sdk
	Username         string        `yaml:"username"`
	PasswordEnv      string        `yaml:"password_env,omitempty"`  // name of a variable
	PasswordFile     string        `yaml:"password_file,omitempty"` // path of a file, mode 0600
	CAFile           string        `yaml:"ca_file,omitempty"`
	ThumbprintSHA256 string        `yaml:"thumbprint_sha256,omitempty"` // AA:BB:…, of the server's certificate; instead of a CA
	Datacenter       string        `yaml:"datacenter,omitempty"`        // empty when the vCenter has one
	Worker           *WorkerConfig `yaml:"worker,omitempty"`            // where target disks are hot-added
	// How capacity is counted. Both defaults are rules of this project, not of
	// any norm.
	VCPUPerCore  int64  `yaml:"vcpu_per_core,omitempty"` // vCPUs per physical core; default 4
	HostFailures *int64 `yaml:"host_failures,omitempty"` // hosts per cluster held back; default 1
}

// WorkerConfig names the VM a worker runs in and where its devices appear.
type WorkerConfig struct {
	VM      string `yaml:"vm"`      // name of the worker's own VM at this site
	Devices string `yaml:"devices"` // folder with one entry "wwn-0x<disk uuid>" per attached disk, usually /dev/disk/by-id
}

// EngineConfig reaches the durable engine: either the folder of an embedded
// psn-engine, or the address and client certificate of a Temporal cluster.
type EngineConfig struct {
	Dir       string `yaml:"dir,omitempty"`       // written by psn-engine: endpoint, ca.pem, client.pem, client-key.pem
	Address   string `yaml:"address,omitempty"`   // host:port of an existing cluster
	Namespace string `yaml:"namespace,omitempty"` // default "psn"
	CAFile    string `yaml:"ca_file,omitempty"`
	CertFile  string `yaml:"cert_file,omitempty"`
	KeyFile   string `yaml:"key_file,omitempty"`
}
