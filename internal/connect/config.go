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
	VSphere *VSphereConfig `yaml:"vsphere,omitempty"`
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
