package rpc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xdg-go/scram"
)

// The exchange in RFC 7677, section 3.
func TestSCRAM(t *testing.T) {
	t.Parallel()
	const (
		challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
		proof     = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
		signature = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
	)
	start := func(t *testing.T) *scramClient {
		t.Helper()
		client, err := scram.SHA256.NewClientUnprepped("user", "pencil", "")
		if err != nil {
			t.Fatal(err)
		}
		s, err := startSCRAM(client.WithNonceGenerator(func() string { return "rOprNGfwEbeRWgbNEkqO" }))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(s.first()), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		return s
	}
	s := start(t)
	if got, err := s.next([]byte(challenge)); err != nil || string(got) != proof {
		t.Errorf("got %s, %v, want %s", got, err, proof)
	}
	if err := s.finished(); err == nil {
		t.Error("it is content before the host has proven anything")
	}
	if got, err := s.next([]byte(signature)); err != nil || got != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if err := s.finished(); err != nil {
		t.Error(err)
	}

	for name, final := range map[string]string{
		"another signature": "v=" + strings.Repeat("A", 43) + "=", "none": "", "an error": "e=invalid-proof", "garbage": "\x00\xff",
	} {
		s := start(t)
		if _, err := s.next([]byte(challenge)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.next([]byte(final)); !errors.Is(err, errUnproven) {
			t.Errorf("%s: got %v, want %v", name, err, errUnproven)
		}
	}
	for name, bad := range map[string]string{
		"nonce of another":         strings.Replace(challenge, "rOpr", "xOpr", 1),
		"few iterations":           strings.Replace(challenge, "4096", "1", 1),
		"endless iterations":       strings.Replace(challenge, "4096", "2000000000", 1),
		"mandatory extension":      "m=x," + challenge,
		"empty":                    "",
		"iterations are no number": strings.Replace(challenge, "4096", "many", 1),
		"salt is not in base64":    strings.Replace(challenge, "W22Z", "%%%%", 1),
	} {
		if got, err := start(t).next([]byte(bad)); err == nil {
			t.Errorf("%s: answered %s", name, got)
		}
	}
}

func TestMechanisms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		offered  string
		readable bool
		want     string // "" is a refusal
	}{
		"plain":                   {"PLAIN", false, "PLAIN"},
		"scram before plain":      {"PLAIN,SCRAM-SHA-1,SCRAM-SHA-256", false, "SCRAM-SHA-256"},
		"strongest scram":         {"SCRAM-SHA-256,SCRAM-SHA-512,PLAIN", false, "SCRAM-SHA-512"},
		"plain for all to read":   {"PLAIN", true, ""},
		"scram for all to change": {"SCRAM-SHA-256", true, ""},
		"weakest scram":           {"PLAIN,SCRAM-SHA-1", false, "SCRAM-SHA-1"},
		"unknown":                 {"GSSAPI,DIGEST-MD5", false, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := chooseMechanism(strings.Split(test.offered, ","), Credentials{"fred", "s3cret"}, test.readable)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// Only names that SASL allows are repeated, and not too many of them.
func TestUnknownMechanismsAreNamed(t *testing.T) {
	t.Parallel()
	for offered, want := range map[string]string{
		"GSSAPI,DIGEST-MD5":                  "it offers these SASL mechanisms: GSSAPI, DIGEST-MD5; this client supports SCRAM-SHA-512",
		"":                                   "it offers these SASL mechanisms: none; ",
		"\x1b[2J," + strings.Repeat("X", 21): "it offers these SASL mechanisms: none; ",
		strings.Repeat("X,", 1<<20):          "it offers these SASL mechanisms: " + strings.Repeat("X, ", maxMechanisms-1) + "X; ",
	} {
		_, _, err := chooseMechanism(strings.Split(offered, ","), Credentials{"fred", "s3cret"}, false)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %s", offered, err, want)
		}
	}
}

// A login is tried again only where SASLprep (RFC 4013) makes something else of it.
func TestWaysToLogIn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		offered            string
		username, password string
		want               int
	}{
		"ASCII":                 {"SCRAM-SHA-256", "fred", "s3cret", 1},
		"composed":              {"SCRAM-SHA-256", "fred", "p\u00e4ss", 1},
		"decomposed":            {"SCRAM-SHA-256", "fred", "pa\u0308ss", 2},
		"decomposed, user":      {"SCRAM-SHA-256", "fru\u0308d", "s3cret", 2},
		"forbidden by SASLprep": {"SCRAM-SHA-256", "fred", "pa\u0308ss \U0001f41f", 1},
		"forbidden, user":       {"SCRAM-SHA-256", "fru\u0308d \U0001f41f", "s3cret", 1},
		"plain":                 {"PLAIN", "fred", "pa\u0308ss", 1},
	}
	for name, test := range tests {
		_, ways, err := chooseMechanism([]string{test.offered}, Credentials{test.username, Password(test.password)}, false)
		if err != nil || len(ways) != test.want {
			t.Errorf("%s: %d ways, %v, want %d", name, len(ways), err, test.want)
		}
	}
}

func TestPasswordsDoNotShow(t *testing.T) {
	t.Parallel()
	who := Credentials{"fred", "s3cret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, who); strings.Contains(text, "s3cret") {
			t.Errorf("%s shows it: %s", verb, text)
		}
	}
}

func FuzzSASLReply(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 1})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, reply []byte) {
		x := &decoder{rest: reply}
		_, _, _ = x.words(), x.text(), x.chars()
		if len(x.rest) > len(reply) {
			t.Error("it reads backwards")
		}
	})
}
