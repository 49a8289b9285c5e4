package acceptance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func command(t *testing.T, lab *openstacklab.Lab, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), lab.Command, args...)
	cmd.Env = append(append(os.Environ(), "PSN_LAB_DIR="+lab.Dir), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// pids tells every process of the lab by name.
func pids(t *testing.T, lab *openstacklab.Lab) map[string]int {
	t.Helper()
	out, err := command(t, lab, nil, "status", "--json")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var status struct {
		Processes []struct {
			Name string
			PID  int
		}
	}
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, p := range status.Processes {
		found[p.Name] = p.PID
	}
	if len(found) < 20 {
		t.Fatalf("a lab of %d processes: %s", len(found), out)
	}
	return found
}

// What the command refuses it names, and nothing changes.
func TestCommandRefuses(t *testing.T) {
	lab := openstacklab.Find(t)
	before := pids(t, lab)
	for name, c := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"unknown site":      {nil, []string{"cut", "milano"}, "'milano' is not a site of this lab: give one of acilia"},
		"unknown sites":     {[]string{"PSN_LAB_SITES=acilia milano"}, []string{"up"}, "PSN_LAB_SITES is 'acilia milano'"},
		"not a number":      {[]string{"PSN_LAB_ZONES=two"}, []string{"up"}, "PSN_LAB_ZONES is 'two': give a number from 1 to 4"},
		"relative folder":   {[]string{"PSN_LAB_DIR=lab"}, []string{"up"}, "PSN_LAB_DIR is lab: give an absolute path"},
		"too long a folder": {[]string{"PSN_LAB_DIR=/" + strings.Repeat("long/", 20)}, []string{"up"}, "at most 70 characters"},
		"another layout":    {[]string{"PSN_LAB_HOSTS=7"}, []string{"up"}, "is of another kind (hosts was"},
		"no lab there":      {[]string{"PSN_LAB_DIR=" + t.TempDir()}, []string{"status"}, "there is no lab in"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := command(t, lab, c.env, c.args...)
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v: %q, want it to fail and say %q", err, out, c.want)
			}
		})
	}
	if diff := cmp.Diff(before, pids(t, lab)); diff != "" {
		t.Errorf("processes changed: %s", diff)
	}
}

// Bringing up a lab that runs changes nothing in it.
func TestUpAgain(t *testing.T) {
	lab := openstacklab.Find(t)
	before, clouds := pids(t, lab), read(t, lab.CloudsFile)
	if out, err := command(t, lab, nil, "up"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff(before, pids(t, lab)); diff != "" {
		t.Errorf("processes changed: %s", diff)
	}
	if diff := cmp.Diff(clouds, read(t, lab.CloudsFile)); diff != "" {
		t.Errorf("clouds.yaml changed: %s", diff)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The psn.yaml that the lab writes is one that the provider takes, for every site.
func TestConfigurationIsTaken(t *testing.T) {
	lab := openstacklab.Find(t)
	cfg, err := connect.Load(lab.ConfigFile, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	for _, site := range psn.Sites() {
		if p := cfg.Sites[site].OpenStack; p == nil || p.Cloud != lab.Sites[site].Cloud {
			t.Errorf("%s: platform %+v", site, p)
		}
	}
}
