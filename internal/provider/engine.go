package provider

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/provider/replica"
)

// dialed is a connection to the engine and how to end it.
type dialed struct {
	client *migration.Client
	close  func()
}

// dial reaches the engine named in the configuration file, once for all
// replicas of a run.
func (p *Provider) dial(ctx context.Context, d *providerdata.Data) (replica.Engine, error) {
	fleet, err := d.Fleet()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.engines[fleet]; ok {
		return e.client, nil
	}
	c, err := fleet.Engine(ctx)
	if err != nil {
		return nil, err
	}
	if p.engines == nil {
		p.engines = map[*connect.Fleet]dialed{}
	}
	e := dialed{migration.NewClient(c), c.Close}
	p.engines[fleet] = e
	return e.client, nil
}
