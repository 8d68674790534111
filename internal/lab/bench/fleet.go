package bench

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// fleet is VMs that do not run, spread evenly over hosts, and Terraform's workspaces for their policies.
type fleet struct {
	bench  *Bench
	hosts  []*lab.Host
	guests []*lab.Guest
	// uris are how Terraform reaches the hosts: directly, or by the proxies.
	uris    map[string]string
	proxies []*lab.Proxy
	// calls are those that went through the proxies.
	calls      lab.CallCounter
	workspaces []*workspace
}

// newFleet makes a fleet. It is the caller's to end, also with an error.
func (b *Bench) newFleet(ctx context.Context, vms, hosts int) (*fleet, error) {
	f := &fleet{bench: b, hosts: b.World.Hosts[:min(hosts, len(b.World.Hosts))], uris: map[string]string{}}
	for _, host := range f.hosts {
		f.uris[host.Name] = host.URI
	}
	started := time.Now()
	var err error
	f.guests, err = b.World.DefineShutOff(ctx, f.hosts, vms)
	b.Say("%d VMs are defined on %d hosts after %.1f s", vms, len(f.hosts), time.Since(started).Seconds())
	return f, err
}

// throughProxies makes workspaces that are made later reach the hosts by proxies that count calls. The way there and
// back takes longer by roundTrip.
func (f *fleet) throughProxies(ctx context.Context, roundTrip time.Duration) error {
	for _, host := range f.hosts {
		p, err := lab.NewProxy(ctx, host.URI, roundTrip, &f.calls)
		if err != nil {
			return err
		}
		f.proxies = append(f.proxies, p)
		f.uris[host.Name] = p.URI
	}
	return nil
}

// end removes everything of the fleet, and adds to an error what went wrong with it.
func (f *fleet) end(ctx context.Context, err error) error {
	for _, w := range f.workspaces {
		w.remove()
	}
	for _, p := range f.proxies {
		p.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), runTimeout)
	defer cancel()
	return errors.Join(err, f.bench.World.UndefineAll(ctx, f.guests))
}

// policies is Terraform managing the policies of a fleet.
type policies struct {
	*workspace

	variables policyVariables
}

// policies makes a workspace for all policies by a provider, or for the floor.
func (f *fleet) policies(provider string) (*policies, error) {
	configuration := policiesConfiguration
	if provider == floor {
		configuration = floorConfiguration
	}
	text, err := inBlocks(configuration, len(f.guests))
	if err != nil {
		return nil, err
	}
	w, err := f.bench.newWorkspace(provider, text)
	if err != nil {
		return nil, err
	}
	p := &policies{workspace: w, variables: policyVariables{VMs: len(f.guests), MaxDowntimeMS: 300}}
	w.variables = &p.variables
	f.workspaces = append(f.workspaces, w)
	f.reach(p)
	return p, nil
}

// declared makes a workspace of a provider that has all policies, as after an apply: the first one is applied, and the
// others are copies of it. A plan that finds nothing to change shows that they are as good.
func (f *fleet) declared(ctx context.Context, provider string) (*policies, error) {
	p, err := f.policies(provider)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	p.variables.VMs = 1
	if _, err := p.apply(ctx); err != nil {
		return nil, err
	}
	if provider == realProvider {
		if err := f.bench.World.CopyMetadata(ctx, f.guests, host.MetadataURI, metadataPrefix); err != nil {
			return nil, err
		}
	}
	p.variables.VMs = len(f.guests)
	err = p.multiply(f.guests)
	f.bench.Say("%s: %d policies are declared after %.1f s", provider, len(f.guests), time.Since(started).Seconds())
	return p, err
}

// metadataPrefix is that of records.
const metadataPrefix = "virt"

// reach makes a workspace reach the hosts as new ones do.
func (f *fleet) reach(p *policies) {
	p.variables.Hosts = map[string]hostVariable{}
	for name, uri := range f.uris {
		p.variables.Hosts[name] = hostVariable{uri}
	}
}

// plans lets workspaces plan in turn, in every round, and returns what each took.
func (f *fleet) plans(ctx context.Context, workspaces ...*policies) ([][]cost, error) {
	took := make([][]cost, len(workspaces))
	for round := range f.bench.Rounds {
		for i, w := range workspaces {
			c, err := w.plan(ctx)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], c)
			f.bench.Say("round %d, plan, %s: %.1f s, %.1f s of CPU", round+1, w.name, c.Seconds, c.CPU)
		}
	}
	return took, nil
}
