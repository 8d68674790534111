package clientconfig

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLibvirtConf(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("/etc/libvirt/libvirt.conf")
	if err != nil {
		t.Fatal(err)
	}
	const hail, sleet = "qemu+ssh://root@hail.example.com/system", "qemu+tls://sleet.example.com/system?no_verify=1"
	tests := map[string]struct {
		content    string
		aliases    map[string]string
		uriDefault string
		wrong      string
	}{
		"empty":      {},
		"as shipped": {content: string(shipped)},
		"as shipped, with the examples made real": {
			content: strings.NewReplacer("#uri_", "uri_", "#  \"", "  \"", "#]", "]").Replace(string(shipped)),
			aliases: map[string]string{
				"hail":  "qemu+ssh://root@hail.cloud.example.com/system",
				"sleet": "qemu+ssh://root@sleet.cloud.example.com/system",
			},
			uriDefault: "qemu:///system",
		},
		"on one line": {
			content: `uri_aliases = ["a_1=` + hail + `", 'B-2=` + sleet + `'] # both` + "\n" + `uri_default="` + sleet + `"`,
			aliases: map[string]string{"a_1": hail, "B-2": sleet}, uriDefault: sleet,
		},
		"commented between": {
			content: "uri_aliases = [ # \"x=y\"\n  # \"z=y\",\n \"a=" + hail + "\"\n]",
			aliases: map[string]string{"a": hail},
		},
		"first counts":         {content: `uri_aliases=["a=` + hail + `","a=` + sleet + `"]`, aliases: map[string]string{"a": hail}},
		"other settings":       {content: "tls_priority = \"NORMAL\"\nnumber = -5\n\nuri_default = \"\"\"" + hail + "\"\"\"\n", uriDefault: hail},
		"no setting":           {content: "uri_default qemu:///system", wrong: "one of its lines is not a setting"},
		"string without end":   {content: `uri_default = "qemu:///system`, wrong: "one of its lines is not a setting"},
		"alias without a URI":  {content: `uri_aliases = ["hail"]`, wrong: "does not have the form alias=URI"},
		"alias with a strange": {content: `uri_aliases = ["h:l=` + hail + `"]`, wrong: "does not have the form alias=URI"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseLibvirtConf(test.content)
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("got %+v, %v, want an error: %s", got, err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.aliases == nil {
				test.aliases = map[string]string{}
			}
			if diff := cmp.Diff(test.aliases, got.aliases); diff != "" {
				t.Error(diff)
			}
			if got.uriDefault != test.uriDefault {
				t.Errorf("got default %q, want %q", got.uriDefault, test.uriDefault)
			}
		})
	}
}

func FuzzParseLibvirtConf(f *testing.F) {
	for _, seed := range []string{"", "a = 1", `uri_aliases = ["a=b", # x`, `uri_default = """x"""`, "#\n;", `x="a";y='b'`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		config, err := parseLibvirtConf(content)
		if err != nil {
			return
		}
		for alias := range config.aliases {
			if !aliasPattern.MatchString(alias) {
				t.Errorf("alias %q", alias)
			}
		}
	})
}
