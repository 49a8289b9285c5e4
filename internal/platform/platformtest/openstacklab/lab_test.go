package openstacklab_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const described = `{"command": "/lab", "auth_url": "https://127.0.0.1:16000/v3", "ca_file": "/l/ca.pem",
 "clouds_file": "/l/clouds.yaml", "config_file": "/l/psn.yaml",
 "sites": {"pomezia": {"region": "pomezia", "cloud": "lab-pomezia", "zones": ["pomezia-az1"], "real_zone": "",
 "hosts_per_zone": 2, "storage_classes": ["standard"], "volumes_dir": "VOLUMES", "images_dir": "/l/images"}}}`

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	text = strings.ReplaceAll(text, "VOLUMES", filepath.Join(dir, "volumes"))
	if err := os.WriteFile(filepath.Join(dir, "lab.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpen(t *testing.T) {
	dir := write(t, described)
	lab, err := openstacklab.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := &openstacklab.Lab{
		Dir: dir, AuthURL: "https://127.0.0.1:16000/v3", CAFile: "/l/ca.pem", CloudsFile: "/l/clouds.yaml",
		ConfigFile: "/l/psn.yaml", Command: "/lab",
		Sites: map[psn.Site]*openstacklab.Site{psn.Pomezia: {
			Region: "pomezia", Cloud: "lab-pomezia", Zones: []string{"pomezia-az1"}, HostsPerZone: 2,
			StorageClasses: []string{"standard"}, VolumesDir: filepath.Join(dir, "volumes"), ImagesDir: "/l/images",
		}},
	}
	if diff := cmp.Diff(want, lab); diff != "" {
		t.Error(diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		dir  string
		code psn.Code
		text string
	}{
		"no lab":          {t.TempDir(), psn.NotFound, "make openstack-up"},
		"not JSON":        {write(t, "{"), psn.InvalidInput, "lab.json"},
		"another version": {write(t, `{"sites": {}}`), psn.InvalidInput, "another version"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openstacklab.Open(c.dir)
			if err == nil || psn.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v, want code %v and %q in it", err, c.code, c.text)
			}
		})
	}
}

func TestVolumeFile(t *testing.T) {
	dir := write(t, described)
	lab, err := openstacklab.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	site := lab.Site(t, psn.Pomezia)
	folder := filepath.Join(site.VolumesDir, "pomezia-az1", "standard")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"volume-a", "volume-b", "volume-b.snapshot"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := site.VolumeFile("a"); err != nil || got != filepath.Join(folder, "volume-a") {
		t.Errorf("file of a: %q, %v", got, err)
	}
	for _, id := range []string{"b", "c"} {
		if got, err := site.VolumeFile(id); psn.CodeOf(err) != psn.NotFound {
			t.Errorf("file of %s: %q, %v; want psn.NotFound", id, got, err)
		}
	}
}

func TestFaultThatFails(t *testing.T) {
	command := filepath.Join(t.TempDir(), "lab")
	if err := os.WriteFile(command, []byte("#!/bin/sh\necho \"error: $* in $PSN_LAB_DIR\" >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	lab := &openstacklab.Lab{Dir: "/labs/one", Command: command}
	err := lab.Cut(t.Context(), psn.Rozzano)
	if err == nil || !strings.Contains(err.Error(), "error: cut rozzano in /labs/one") {
		t.Errorf("error %v does not say what the command said", err)
	}
	if err := errors.Unwrap(err); err == nil {
		t.Error("the command's own error is lost")
	}
}
