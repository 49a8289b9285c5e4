package sandbox

import (
	"fmt"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// The configuration is written with types of its own, because the package that
// reads it is the composition root, which tests of lower layers must not need.
type (
	configDoc struct {
		Version  int                    `yaml:"version"`
		Sites    map[string]platformDoc `yaml:"sites,omitempty"`
		Sources  map[string]platformDoc `yaml:"sources,omitempty"`
		Engine   map[string]string      `yaml:"engine"`
		StateDir string                 `yaml:"state_dir"`
	}
	platformDoc struct {
		VSphere vsphereDoc `yaml:"vsphere"`
	}
	vsphereDoc struct {
		Endpoint     string     `yaml:"endpoint"`
		Username     string     `yaml:"username"`
		PasswordFile string     `yaml:"password_file"`
		CAFile       string     `yaml:"ca_file"`
		Datacenter   string     `yaml:"datacenter"`
		Worker       *workerDoc `yaml:"worker,omitempty"`
	}
	workerDoc struct {
		VM      string `yaml:"vm"`
		Devices string `yaml:"devices"`
	}
)

// Names of the configuration files.
const (
	configFile        = "psn.yaml"
	auditorConfigFile = "psn-auditor.yaml"
)

func secretFile(center, user string) string {
	return filepath.Join("secrets", center+"-"+user)
}

func devicesDir(center string) string {
	return filepath.Join("dev", center, "disk", "by-id")
}

// writeConfig writes the configuration as seen by the operator and by the auditor.
func (s *Sandbox) writeConfig() error {
	for file, auditor := range map[string]bool{configFile: false, auditorConfigFile: true} {
		doc := configDoc{
			Version:  1,
			Sites:    map[string]platformDoc{},
			Sources:  map[string]platformDoc{},
			Engine:   map[string]string{"dir": "engine"},
			StateDir: "state",
		}
		for name, c := range s.centers {
			v := vsphereDoc{
				Endpoint:   c.Endpoint(),
				Username:   Operator,
				CAFile:     caFile,
				Datacenter: c.datacenter,
			}
			into := doc.Sites
			if name == Source {
				into, v.Username = doc.Sources, Migrator
			} else {
				v.Worker = &workerDoc{VM: c.worker, Devices: devicesDir(name)}
			}
			if auditor {
				v.Username, v.Worker = Auditor, nil
			}
			v.PasswordFile = secretFile(name, v.Username)
			into[name] = platformDoc{VSphere: v}
		}
		b, err := yaml.Marshal(doc)
		if err != nil {
			return fmt.Errorf("sandbox configuration: %w", err)
		}
		if err := writeFile(filepath.Join(s.dir, file), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
