package host

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// Whatever a daemon says, and however much, an error repeats it fit to be shown.
func TestErrorsShowWhatDaemonsSay(t *testing.T) {
	t.Parallel()
	hostile := "\x1b[2J\x1b]0;owned\x07" + strings.Repeat("x\r\n", 1<<20)
	h, err := New(Config{Name: "kvm1", URI: "qemu+tcp://kvm1/system"})
	if err != nil {
		t.Fatal(err)
	}
	answer := &rpc.Refusal{Answer: libvirt.Error{Code: uint32(libvirt.ErrInternalError), Message: hostile}}
	for name, err := range map[string]error{
		"an answer":             h.fail("test", answer),
		"an answer, connecting": h.fail("test", &dialError{cause: answer}),
		"a refused login":       h.fail("test", &dialError{cause: &rpc.LoginError{Reason: "refused", Said: hostile, Refused: true}}),
	} {
		text := err.Error()
		if utf8.RuneCountInString(text) > 2*sanitize.Limit {
			t.Errorf("%s: %d characters", name, len(text))
		}
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%s: %.200q", name, text)
		}
	}
}
