package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// Host answers what the checks ask of either host. Errors match the sentinels of package
// migration: ErrDenied and ErrUnsupported tell why a question has no answer. The end of a
// context ends the call.
type Host interface {
	Resources

	// Name is the host's name in the provider's configuration.
	Name() string
	// Cordon is the host's own record (virSecretGetXMLDesc). The error is a *cordon.NewerVersionError or a
	// *cordon.InvalidError where it cannot be read.
	Cordon(ctx context.Context) (cordon.Record, error)
	// Memory is the host's memory as it stands now.
	Memory(ctx context.Context) (migration.Memory, error)
	// CompareCPU asks whether a guest with that CPU can run here
	// (virConnectCompareHypervisorCPU). The error is a *CPUError when it cannot.
	CompareCPU(ctx context.Context, guest CPU) error
	// HasManagedSave tells whether the host keeps a managed-save image of a domain
	// (virDomainHasManagedSaveImage).
	HasManagedSave(ctx context.Context, uuid string) (bool, error)
}

// Source is the host that runs the VM.
type Source interface {
	Host

	// DomainXML is the domain's definition in the form meant for migration
	// (VIR_DOMAIN_XML_MIGRATABLE).
	DomainXML(ctx context.Context, uuid string) (string, error)
	// ConfigXML is the persistent definition of a domain that runs, in the form meant for
	// migration (VIR_DOMAIN_XML_MIGRATABLE, VIR_DOMAIN_XML_INACTIVE).
	ConfigXML(ctx context.Context, uuid string) (string, error)
	// LiveXML is the definition of the domain as it runs, with the backing files that libvirt
	// has found in its images (virDomainGetXMLDesc without flags).
	LiveXML(ctx context.Context, uuid string) (string, error)
	// DiskSize is how large a disk is, by its target (virDomainGetBlockInfo). Of the volume only
	// sizes are set.
	DiskSize(ctx context.Context, uuid, target string) (storage.Volume, error)
	// Begin is migration.Source's: it makes all of libvirt's checks on the source, and
	// leaves no job if nothing follows it.
	Begin(ctx context.Context, uuid string, p migration.Parameters) (xml string, cookie []byte, err error)
}
