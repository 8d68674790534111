package policy

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/typo"

// Nearest is the field whose name a misspelled one most likely means; ok is false where none
// is near.
func Nearest(name string) (field Field, ok bool) { return typo.Nearest(name, Fields()) }
