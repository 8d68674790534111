package host

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestElementShape(t *testing.T) {
	t.Parallel()
	got, err := policyElement.encode(`{"a":"<&>"}`)
	if err != nil {
		t.Fatal(err)
	}
	if want := `<migration-policy>{&#34;a&#34;:&#34;&lt;&amp;&gt;&#34;}</migration-policy>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecodeElement(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ element, want string }{
		"ours":            {`<migration-policy>{"version":1}</migration-policy>`, `{"version":1}`},
		"prefixed":        {`<mp:migration-policy xmlns:mp="urn:virt:migration-policy:1">{"version":1}</mp:migration-policy>`, `{"version":1}`},
		"CDATA":           {`<migration-policy><![CDATA[{"version":1}]]></migration-policy>`, `{"version":1}`},
		"comment":         {`<migration-policy><!-- by hand -->{"version":1}</migration-policy>`, `{"version":1}`},
		"empty":           {`<migration-policy/>`, ``},
		"not JSON":        {`<migration-policy>see the wiki</migration-policy>`, `see the wiki`},
		"another element": {`<policy a="1"/>`, `<policy a="1"/>`},
		"with children":   {`<migration-policy><x>1</x></migration-policy>`, `<migration-policy><x>1</x></migration-policy>`},
		"cut":             {`<migration-policy>{"version":1}`, `<migration-policy>{"version":1}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := policyElement.decode(test.element); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func FuzzElementRoundTrip(f *testing.F) {
	f.Add(`{"version":1,"auto_converge":true}`)
	f.Add("<&>\"'\t\r\n ]]> \u00e9\U0001F600")
	f.Fuzz(func(t *testing.T, json string) {
		if !utf8.ValidString(json) || strings.ContainsFunc(json, notXML) {
			t.Skip("XML has no way to write it, and JSON only in escapes")
		}
		element, err := policyElement.encode(json)
		if err != nil {
			t.Fatal(err)
		}
		if got := policyElement.decode(element); got != json {
			t.Errorf("got %q, want %q", got, json)
		}
	})
}

func FuzzDecodeElement(f *testing.F) {
	f.Add(`<migration-policy>{"version":1}</migration-policy>`)
	f.Add(`<a><b/></a>`)
	f.Fuzz(func(_ *testing.T, element string) { policyElement.decode(element) })
}

// notXML tells characters that XML 1.0 cannot hold.
func notXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}
