package cli_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/italia/terraform-provider-psn/internal/cli"
	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// piped runs a placement command with a standard input.
func piped(t *testing.T, in io.Reader, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	home := t.TempDir()
	code := cli.Run(t.Context(), cli.Env{
		Args: append([]string{"placement"}, args...), Stdin: in, Stdout: &out, Stderr: &errs,
		Getenv: func(name string) string { return map[string]string{"HOME": home}[name] },
	})
	return result{code: code, stdout: out.String(), stderr: errs.String()}
}

// What is read from the standard input is decided as the file is, in both forms.
func TestPlacementStdin(t *testing.T) {
	t.Parallel()
	for _, path := range []string{cityRequest, requestFile(t, nil)} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for verb, more := range map[string][]string{"solve": nil, "prove": nil, "explain": nil, "what-if": {"--without", "acilia/vsphere"}} {
			want := run(t, t.Context(), map[string]string{"HOME": t.TempDir()}, append([]string{"placement", verb, path}, more...)...)
			got := piped(t, bytes.NewReader(text), append([]string{verb, "-"}, more...)...)
			if got.code != want.code || got.stdout != strings.ReplaceAll(want.stdout, path, "standard input") {
				t.Errorf("%s of %s: code %d, %s\n%s\nwant code %d\n%s", verb, path, got.code, got.stderr, got.stdout, want.code, want.stdout)
			}
		}
	}
	for want, in := range map[string]io.Reader{
		"standard input: there is none: name a file":          nil,
		"standard input: it is empty: write a request":        strings.NewReader(" \n"),
		"standard input: the JSON ends too early":             strings.NewReader(`{"tenant":`),
		"standard input: not HCL":                             strings.NewReader("tenant = "),
		"standard input: workloads is empty":                  strings.NewReader(`tenant = "p_bs"`),
		"standard input: it cannot be read: the line is dead": iotest.ErrReader(errors.New("the line is dead")),
	} {
		if r := piped(t, in, "explain", "-"); r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, want) {
			t.Errorf("%+v, want %q", r, want)
		}
	}
}

// What stands at a place that there is not is refused by its field.
func TestPlacementCurrentNowhere(t *testing.T) {
	t.Parallel()
	path := requestFile(t, func(req *placement.Request) {
		req.Current = map[string]placement.Assignment{"w0000-1": {Site: "milano", Platform: psn.VSphere, Cluster: "c1"}}
	})
	for _, verb := range []string{"solve", "prove", "explain"} {
		r := piped(t, nil, verb, path)
		if r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, `current["w0000-1"]: site: unknown site "milano": use one of "acilia", "pomezia"`) {
			t.Errorf("%s: %+v", verb, r)
		}
	}
}

// A site that does not answer freezes what stands there and no more: what can be
// decided without it is, proven and explained, and the site is named.
func TestPlacementBesideASilentSite(t *testing.T) {
	t.Parallel()
	request := func(more int64) string {
		return requestFile(t, func(req *placement.Request) {
			req.Workloads = []placement.Workload{
				{Name: "db", Service: "p_bs/a", Classification: psn.Strategic, Instances: 2 + more, PerInstance: psn.Resources{VCPUs: 1, MemoryMiB: 1024, StorageMiB: 1024}},
				{Name: "web", Service: "p_bs/b", Classification: psn.Ordinary, Instances: 1, PerInstance: psn.Resources{VCPUs: 1, MemoryMiB: 1024, StorageMiB: 1024}},
			}
			req.Groups, req.Facts, req.Excluded, req.Quota = nil, nil, nil, nil
			at := func(i int) (psn.Site, string) { return req.Sites[i].Site, req.Sites[i].Clusters[0].Name }
			var lazio, lombardia int
			for i, s := range req.Sites {
				if s.Platform == psn.VSphere && s.Site.Region() == psn.Lazio {
					lazio = i
				} else if s.Platform == psn.VSphere {
					lombardia = i
				}
			}
			req.Current = map[string]placement.Assignment{}
			for _, vm := range []string{"db-1", "db-2"} {
				a := placement.Assignment{Workload: "db", Service: "p_bs/a", Platform: psn.VSphere, StandbyPlatform: psn.VSphere}
				a.Site, a.Cluster = at(lazio)
				a.StandbySite, a.StandbyCluster = at(lombardia)
				req.Current[vm] = a
			}
			req.Sites[lazio] = psn.SiteInventory{Site: req.Sites[lazio].Site, Platform: psn.VSphere, Error: "connection refused"}
		})
	}
	for verb, words := range map[string][]string{
		"solve":   {"(vsphere) could not be read (connection refused): nothing new was placed there", "kept there unchecked: db-1, db-2"},
		"explain": {"(vsphere) could not be read (connection refused): nothing new was placed there", "proof: cost ", "not certified: what "},
		"prove":   {"proof: cost ", "the bound is that of the sites that were read"},
	} {
		r := piped(t, nil, verb, request(0))
		if r.code != 0 {
			t.Errorf("%s: %+v", verb, r)
		}
		says(t, r.stdout, append(words, "verdict: placed")...)
		// One more strategic machine has to wait for the site, and is told for which.
		r = piped(t, nil, verb, request(1))
		if r.code != 1 {
			t.Errorf("%s: %+v", verb, r)
		}
		says(t, r.stdout, "no placement can be decided while a site cannot be read", "workload db is strategic and ", "(vsphere) could not be read (connection refused)")
	}
}
