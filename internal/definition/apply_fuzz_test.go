package definition

import (
	"encoding/xml"
	"strings"
	"testing"
)

// FuzzApply: whatever it is given, Apply does not panic, leaves a document alone where nothing
// fits, and makes of XML other XML, in which the same request finds nothing more to change.
func FuzzApply(f *testing.F) {
	f.Add(rich, "br0", "br1", "vda", "/new/a.qcow2")
	f.Add("<domain><devices><graphics type='vnc' listen = \"x\"/></devices></domain>", "a", "b", "c", "d")
	f.Add("<domain><devices><disk type='file'><source\nfile='&lt;'/><target dev='vda'/></disk></devices></domain>", "", "", "vda", "'\"&")
	f.Fuzz(func(t *testing.T, document, source, plug, target, path string) {
		if same, err := Apply(document, Request{}); err != nil || same.XML != document {
			t.Fatalf("nothing was asked for, and it is %q, %v", same.XML, err)
		}
		for _, value := range []string{plug, path} {
			if !printable(value) {
				t.Skip("no value that XML has")
			}
		}
		asked := Changes{
			Interfaces: map[string]string{source: plug}, GraphicsListen: plug,
			Disks: map[string]string{target: path}, Emulator: path, NVRAM: path,
		}
		made, err := Apply(document, Request{Move: asked})
		if err != nil {
			return
		}
		if len(made.Changes) == 0 && made.XML != document {
			t.Fatalf("nothing was changed, and it is %q", made.XML)
		}
		if _, err := parse(made.XML); err != nil {
			t.Fatalf("%q: %v", made.XML, err)
		}
		asked.Interfaces = nil // what it is plugged into may be a source, too
		again, err := Apply(made.XML, Request{Move: asked})
		if err != nil || len(again.Changes) > 0 {
			t.Fatalf("once more it changes %+v in %q, %v", again.Changes, made.XML, err)
		}
	})
}

// printable tells whether XML can have a value, and gives it back as it is.
func printable(value string) bool {
	var b strings.Builder
	if xml.EscapeText(&b, []byte(value)) != nil {
		return false
	}
	return !strings.ContainsAny(b.String(), "\uFFFD\r\n\t") && !strings.Contains(b.String(), "&#x")
}
