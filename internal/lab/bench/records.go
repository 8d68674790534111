package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"
	"github.com/google/uuid"

	virt "github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// records is reading the records of all VMs of one host by the provider's own code.
type records struct{}

func (records) Name() string { return "records" }
func (records) Hosts() int   { return 1 }

const (
	// parallelism is how many resources Terraform reads at a time, and how many calls are under way on the connection of
	// the client library alone.
	parallelism = 10
	// sample is the number of VMs of which virsh reads the record in a process each; it is slow.
	sample = 50
)

// reader reads the records of a fleet, and returns the seconds that it took.
type reader struct {
	against string
	atMost  float64
	read    func(context.Context, *fleet) (float64, error)
}

var readers = []reader{
	{"one pipelined connection of go-libvirt alone", 1.3, readRaw},
	{fmt.Sprintf("one virsh process for each VM (%d, scaled up)", sample), 1. / 100, readByProcesses},
	{"one virsh process for all VMs", 1. / 5, readByProcess},
}

func (r records) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	f, err := b.newFleet(ctx, b.VMs, r.Hosts())
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return nil, err
	}
	if _, err := f.declared(ctx, realProvider); err != nil {
		return nil, err
	}
	ours, theirs := make([]float64, b.Rounds), make([][]float64, len(readers))
	for round := range b.Rounds {
		if ours[round], err = readOurs(ctx, f); err != nil {
			return nil, err
		}
		for i, reader := range readers {
			took, err := reader.read(ctx, f)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", reader.against, err)
			}
			theirs[i] = append(theirs[i], took)
		}
	}
	for i, reader := range readers {
		what := fmt.Sprintf("reading %d records", len(f.guests))
		figures = append(figures, pairs(what, reader.against, "s", ours, theirs[i], reader.atMost))
	}
	return figures, nil
}

// readOurs reads as resources do: each by itself, some at a time.
func readOurs(ctx context.Context, f *fleet) (float64, error) {
	h := f.hosts[0]
	hosts, err := virt.New(virt.Config{
		Hosts:       []host.Config{{Name: h.Name, URI: h.URI}},
		MaxOutgoing: virt.DefaultMigrations, MaxIncoming: virt.DefaultMigrations,
	})
	if err != nil {
		return 0, err
	}
	defer hosts.Close()
	return f.inParallel(func(uuid string) error {
		record, err := hosts.ReadVMByUUID(ctx, uuid, "")
		if err == nil && record.Gone() {
			err = errors.New("it has no record")
		}
		return err
	})
}

// readRaw makes one call for each VM, which is shut off and has one copy of its record, and nothing else.
func readRaw(_ context.Context, f *fleet) (float64, error) {
	lv := libvirt.NewWithDialer(dialers.NewRemote(f.hosts[0].Address))
	started := time.Now()
	if err := lv.ConnectToURI(libvirt.QEMUSystem); err != nil {
		return 0, err
	}
	defer func() { _ = lv.Disconnect() }()
	connected := time.Since(started).Seconds()
	took, err := f.inParallel(func(text string) error {
		id, err := uuid.Parse(text)
		if err != nil {
			return err
		}
		// libvirt looks domains up by the UUID alone.
		_, err = lv.DomainGetMetadata(libvirt.Domain{UUID: libvirt.UUID(id)}, int32(libvirt.DomainMetadataElement),
			libvirt.OptString{host.MetadataURI}, libvirt.DomainAffectConfig)
		return err
	})
	return connected + took, err
}

func readByProcesses(ctx context.Context, f *fleet) (float64, error) {
	few := f.guests[:min(sample, len(f.guests))]
	started := time.Now()
	for _, guest := range few {
		virsh := exec.CommandContext(ctx, "virsh", "--connect", f.hosts[0].URI, "metadata", guest.UUID, host.MetadataURI,
			"--config")
		if printed, err := virsh.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%w: %s", err, printed)
		}
	}
	return time.Since(started).Seconds() * float64(len(f.guests)) / float64(len(few)), nil
}

func readByProcess(ctx context.Context, f *fleet) (float64, error) {
	var commands strings.Builder
	for _, guest := range f.guests {
		fmt.Fprintf(&commands, "metadata %s %s --config\n", guest.UUID, host.MetadataURI)
	}
	virsh := exec.CommandContext(ctx, "virsh", "--quiet", "--connect", f.hosts[0].URI)
	virsh.Stdin = strings.NewReader(commands.String())
	started := time.Now()
	printed, err := virsh.Output()
	took := time.Since(started).Seconds()
	if found := strings.Count(string(printed), "</migration-policy>"); err == nil && found != len(f.guests) {
		err = fmt.Errorf("it printed %d records", found)
	}
	return took, err
}

// inParallel calls read for every VM, some at a time, and returns the seconds that it took, or an error of one of them.
func (f *fleet) inParallel(read func(uuid string) error) (float64, error) {
	uuids, failures := make(chan string), make(chan error, len(f.guests))
	started := time.Now()
	var running sync.WaitGroup
	for range parallelism {
		running.Go(func() {
			for uuid := range uuids {
				if err := read(uuid); err != nil {
					failures <- fmt.Errorf("VM %s: %w", uuid, err)
				}
			}
		})
	}
	for _, guest := range f.guests {
		uuids <- guest.UUID
	}
	close(uuids)
	running.Wait()
	close(failures)
	return time.Since(started).Seconds(), <-failures
}
