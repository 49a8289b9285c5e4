package openstackloop_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// listener is a provider whose secrets a test hears on their way to the CLI.
type listener struct {
	tfprotov6.ProviderServer
	heard *heard
}

type heard struct {
	mu      sync.Mutex
	secrets []string
	closed  int
}

func (l listener) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	resp, err := l.ProviderServer.OpenEphemeralResource(ctx, req)
	if err != nil || resp.Result == nil {
		return resp, err
	}
	schemas, err := l.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	result, err := resp.Result.Unmarshal(schemas.EphemeralResourceSchemas[req.TypeName].ValueType())
	if err != nil {
		return nil, err
	}
	var values map[string]tftypes.Value
	var secret string
	if err := result.As(&values); err != nil {
		return nil, err
	}
	if err := values["secret"].As(&secret); err != nil {
		return nil, err
	}
	l.heard.mu.Lock()
	defer l.heard.mu.Unlock()
	l.heard.secrets = append(l.heard.secrets, secret)
	return resp, nil
}

func (l listener) CloseEphemeralResource(ctx context.Context, req *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	resp, err := l.ProviderServer.CloseEphemeralResource(ctx, req)
	if err == nil && len(resp.Diagnostics) == 0 {
		l.heard.mu.Lock()
		defer l.heard.mu.Unlock()
		l.heard.closed++
	}
	return resp, err
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.secrets)
}

// CheckPlan implements plancheck.PlanCheck, with the secrets heard so far.
func (h *heard) CheckPlan(ctx context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	if len(h.all()) == 0 {
		resp.Error = errors.New("no secret was heard: the test cannot fail")
		return
	}
	providertest.PlanHides(h.all()...).CheckPlan(ctx, req, resp)
}

// CheckState implements statecheck.StateCheck in the same way.
func (h *heard) CheckState(ctx context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	if len(h.all()) == 0 {
		resp.Error = errors.New("no secret was heard: the test cannot fail")
		return
	}
	providertest.StateHides(h.all()...).CheckState(ctx, req, resp)
}

var versionRe = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v\S+`)

// clis are the programs to run the provider in, by version: the one the tests are
// told of, and those in PATH, which are others where ephemeral resources are new.
func clis(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range []string{os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform", "tofu"} {
		cli, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		text, err := exec.CommandContext(ctx, cli, "version").Output()
		if err != nil {
			t.Fatalf("%s: %v", cli, err)
		}
		out[string(versionRe.Find(text))] = cli
	}
	if len(out) == 0 {
		t.Fatal("no terraform or tofu: set TF_ACC_TERRAFORM_PATH")
	}
	return out
}

// fresh is the code of a tenant that no other run has. It begins as the checks for
// secrets expect.
func fresh(t *testing.T) string {
	t.Helper()
	b := make([]byte, 4)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("p_bs_%x", b)
}

// TestOpenStackCredential: every credential that is made is ended, and no secret
// is in plan, state or the most talkative log, in each CLI at hand.
func TestOpenStackCredential(t *testing.T) {
	for version, cli := range clis(t) {
		t.Run(version, func(t *testing.T) {
			t.Setenv("TF_ACC_TERRAFORM_PATH", cli)
			testCredential(t)
		})
	}
}

func testCredential(t *testing.T) {
	t.Helper()
	const at = psn.Pomezia
	lab, _ := start(t, at)
	log := filepath.Join(t.TempDir(), "trace.log")
	t.Setenv("TF_ACC_LOG", "TRACE")
	t.Setenv("TF_ACC_LOG_PATH", log)
	h := &heard{}
	factories := providertest.Factories()
	plain := factories["psn"]
	factories["psn"] = func() (tfprotov6.ProviderServer, error) {
		srv, err := plain()
		return listener{srv, h}, err
	}
	code := fresh(t)
	site := tenant(code, at, "")
	config := lab.Config(site + `
ephemeral "psn_tenant_credential" "ci" {
  tenant_id = "` + code + `"
  site      = "pomezia"
  roles     = ["member"]
  lifetime  = "10m"
}
`)
	providertest.TestServing(t, factories, []resource.TestStep{
		{Config: lab.Config(site)},
		{
			Config:            config,
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{h}, PostApplyPostRefresh: []plancheck.PlanCheck{h}},
			ConfigStateChecks: []statecheck.StateCheck{h},
		},
	})
	if len(h.secrets) == 0 || h.closed != len(h.secrets) {
		t.Fatalf("%d credentials were made, %d ended", len(h.secrets), h.closed)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("psn_tenant_credential")) {
		t.Error("the log does not even name the credential: the test looks in the wrong place")
	}
	for _, s := range h.secrets {
		if len(s) < 20 || bytes.Contains(text, []byte(s)) {
			t.Error("a secret is in the log")
		}
	}
}
