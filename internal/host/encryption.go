package host

import (
	"errors"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// explainEncryption recognises a destination whose QEMU does not trust the source: it only
// closes the connection to a source without a certificate or with one of an unknown
// authority, which the source's QEMU tells in several ways.
func explainEncryption(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code == 0 || e.Refusal.Kind != refusal.Unknown && e.Refusal.Kind != refusal.MemoryLost {
		return err
	}
	for _, said := range []string{"TLS channel", " socket: ", "Input/output error"} {
		if strings.Contains(e.Message, said) {
			e.Refusal = refusal.Refusal{Kind: refusal.Untrusted, Party: refusal.Source}
			return err
		}
	}
	return err
}
