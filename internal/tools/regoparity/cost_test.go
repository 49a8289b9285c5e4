package regoparity_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// large is a document of n machines in groups of ten, each group a service.
func large(n int) policy.Document {
	doc := example()
	doc.Derogations, doc.Services, doc.Machines = nil, nil, nil
	sites := psn.Sites()
	for i := range n {
		service := psn.ServiceID(fmt.Sprintf("p_bs/s-%d", i/10))
		if i%10 == 0 {
			doc.Services = append(doc.Services, policy.Service{ID: service, Tenant: "p_bs", Classification: "strategic", ClassificationState: "validated", ClassificationDate: "2024-11-30",
				RPO: 15 * time.Minute, RTO: time.Hour, DataLocation: "IT", BackupPolicy: "BKP", KeyReference: "HSM", KeyManagement: "byok", Qualification: "QC3"})
		}
		site, standby := string(sites[i%4]), string(sites[(i+2)%4])
		doc.Machines = append(doc.Machines, policy.Machine{ID: psn.VMID(fmt.Sprintf("p_bs/vm-%d", i)), Service: service, Site: site, Platform: "vsphere", Cluster: fmt.Sprint("c", i), StandbySite: standby,
			AntiAffinity: string(service), FromPlacement: true, PlacementSite: site, PlacementStandbySite: standby, Function: "web", Owner: "CED", Office: "CED", Addresses: []string{"10.0.0.1"}})
		doc.Replicas = append(doc.Replicas, policy.Replica{ID: psn.VMID(fmt.Sprintf("p_bs/vm-%d", i)), Service: service, Mode: "asynchronous", FromSite: site, ToSite: standby, LastTest: now})
	}
	return doc
}

// Four times the machines cost far less than sixteen times the time.
func TestCostIsNotQuadratic(t *testing.T) {
	q := prepare(t, "data.psn.verdict.findings", shipped)
	took := func(n int) time.Duration {
		doc := large(n)
		best := time.Hour
		for range 3 {
			start := time.Now()
			if got := byRego(t, q, doc); len(got) > 0 {
				t.Fatalf("%d machines: %q", n, got[:min(5, len(got))])
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	small, big := took(1000), took(4000)
	t.Logf("1000 machines %s, 4000 machines %s", small, big)
	if big > 9*small {
		t.Errorf("4000 machines take %s, 1000 take %s", big, small)
	}
}

func BenchmarkRego(b *testing.B) {
	q := prepare(b, "data.psn.verdict.findings", shipped)
	for _, n := range []int{1000, 10000} {
		doc := large(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				byRego(b, q, doc)
			}
		})
	}
}

func BenchmarkNative(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		doc := large(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				policy.Evaluate(doc)
			}
		})
	}
}
