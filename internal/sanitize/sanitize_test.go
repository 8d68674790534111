package sanitize

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "",
		"Permission denied":               "Permission denied",
		"  two\r\n\tlines \n":             "two lines",
		"Prüfsumme 不正":                    "Prüfsumme 不正",
		"\x1b[2J\x1b]0;owned\x07red":      "�[2J�]0;owned�red",
		"abc\u202edcba":                   "abc�dcba",
		"not\xffUTF-8":                    "not�UTF-8",
		"nul\x00 del\x7f c1\u0085x\u009b": "nul� del� c1 x�",
		strings.Repeat("x", 1<<20):        strings.Repeat("x", Limit) + "…",
	} {
		if got := Text(text); got != want {
			t.Errorf("%.50q: got %.50q, want %.50q", text, got, want)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"web":             "web",
		" two  blanks ":   " two  blanks ",
		"وب\u200cسرور":    "وب\u200cسرور",
		"a\nb\x1b[31m":    "a�b�[31m",
		"a\tb\u0085c\x00": "a�b�c�",
		"not\xffUTF-8":    "not�UTF-8",
	} {
		if got := Name(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestParagraphs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"One.\n\n  - two, 100 %": "One.\n\n  - two, 100 %",
		"red \x1b[31m\r\n":       "red �[31m�\n",
		"abc\u202edcba\u2069":    "abc�dcba�",
	} {
		if got := Paragraphs(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("\x1b[31mred\x00\r\n")
	f.Add(strings.Repeat("ü ", 2*Limit))
	f.Fuzz(func(t *testing.T, text string) {
		got := Text(text)
		if n := utf8.RuneCountInString(got); n > Limit+2 {
			t.Errorf("%d characters", n)
		}
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%q is not fit to be shown", got)
		}
		if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Errorf("%q has needless blanks", got)
		}
		if Text(got) != got && len(got) < Limit {
			t.Errorf("%q changes when it is shown once more", got)
		}
	})
}

func TestURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"qemu:///system":                  "qemu:///system",
		"qemu+tls://kvm2:16515/system":    "qemu+tls://kvm2:16515/system",
		"qemu+ssh://root@kvm2/system":     "qemu+ssh://root@kvm2/system",
		"qemu+ssh://a:b@kvm2/s?keyfile=k": "qemu+ssh://a@kvm2/s",
		"qemu+ssh://:b@kvm2/s":            "qemu+ssh://kvm2/s",
		"qemu+ssh://a%0Ab%1B@kvm2/s":      "qemu+ssh://a%0Ab%1B@kvm2/s",
		"qemu+tcp://kvm2/system#fragment": "qemu+tcp://kvm2/system",
	} {
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := URI(u); got != want {
			t.Errorf("%s is shown as %s, want %s", uri, got, want)
		}
	}
}
