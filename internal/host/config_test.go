package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config Config
		field  string // "" is valid
		reason string
	}{
		"tcp":                     {config: Config{URI: "qemu+tcp://kvm1/system"}},
		"tcp with port":           {config: Config{URI: "qemu+tcp://kvm1:16510/system"}},
		"tcp, IPv6":               {config: Config{URI: "qemu+tcp://[2001:db8::1]/system"}},
		"unix":                    {config: Config{URI: "qemu+unix:///system"}},
		"unix with socket":        {config: Config{URI: "qemu+unix:///system?socket=/run/x/libvirt-sock"}},
		"unix with mode":          {config: Config{URI: "qemu+unix:///system?mode=direct"}},
		"user's own":              {config: Config{URI: "qemu:///session"}},
		"this machine":            {config: Config{URI: "qemu:///system"}},
		"this machine, by socket": {config: Config{URI: "qemu:///system?socket=/run/x"}},
		"all":                     {config: Config{URI: "qemu:///system", PeerURI: "qemu+ssh://root@kvm1/system", MigrationURI: "tcp://10.0.0.1"}},
		"tls":                     {config: Config{URI: "qemu+tls://kvm1:16515/system?pkipath=/p&no_verify=1"}},
		"tls by default":          {config: Config{URI: "qemu://kvm1/system"}},
		"peer over tls":           {config: Config{URI: "qemu:///system", PeerURI: "qemu://kvm1/system"}},
		"migration with port":     {config: Config{URI: "qemu:///system", MigrationURI: "tcp://[2001:db8::1]:49152"}},
		"name to listen on":       {config: Config{URI: "qemu:///system", ListenAddress: "kvm1-mig.example.com"}},
		"address to listen on":    {config: Config{URI: "qemu:///system", ListenAddress: "fd00::2", TLSDestination: "kvm1.example.com"}},
		"all to listen on":        {config: Config{URI: "qemu:///system", ListenAddress: "0.0.0.0", TLSDestination: "10.0.0.1"}},
		"migration over rdma":     {config: Config{URI: "qemu:///system", MigrationURI: "rdma://10.0.0.1"}},

		"name in a script of its own": {config: Config{URI: "qemu+ssh://j%C3%BCrgen@hôte-1.例え.example/system", PeerURI: "qemu+ssh://j%C3%BCrgen@hôte-1.例え.example/system"}},
		"IPv6 with a zone":            {config: Config{URI: "qemu+ssh://[fe80::1%25eth0.7]:22/system"}},
		"alias of ssh's":              {config: Config{URI: "qemu+ssh://kvm_1-a.B/system"}},
		"user of a domain":            {config: Config{URI: `qemu+ssh://EXAMPLE%5Cpc$@kvm1/system`}},
		"user with a realm":           {config: Config{URI: "qemu+ssh://me+x%40EXAMPLE.COM@kvm1/system"}},

		"host for a shell":         {Config{URI: "qemu+ssh://px;id/system"}, FieldURI, "host name may hold letters, digits"},
		"host with a substitution": {Config{URI: "qemu+ssh://$(id)/system"}, FieldURI, "host name may hold letters, digits"},
		"host in no script":        {Config{URI: "qemu+tls://px%E2%80%AEid/system"}, FieldURI, "host name may hold letters, digits"},
		"option as host":           {Config{URI: "qemu+ssh://-oProxyCommand=id/system"}, FieldURI, "host name may hold letters, digits"},
		"dash as host":             {Config{URI: "qemu+ssh://-v/system"}, FieldURI, "host name may hold letters, digits"},
		"host of the peers":        {Config{URI: "qemu:///system", PeerURI: "qemu+ssh://px;id/system"}, FieldPeerURI, "host name may hold letters, digits"},
		"user for a shell":         {Config{URI: "qemu+ssh://root;id@kvm1/system"}, FieldURI, "its user holds"},
		"user with a substitution": {Config{URI: "qemu+ssh://%60id%60@kvm1/system"}, FieldURI, "its user holds"},
		"option as user":           {Config{URI: "qemu+ssh://-oProxyCommand=id@kvm1/system"}, FieldURI, "its user holds"},
		"option after the user":    {Config{URI: "qemu+ssh://me%20-v@kvm1/system"}, FieldURI, "its user holds"},
		"user with a line's end":   {Config{URI: "qemu+ssh://me%0Aid@kvm1/system"}, FieldURI, "its user holds"},
		"user who escapes":         {Config{URI: "qemu+ssh://me%5C@kvm1/system"}, FieldURI, "its user holds"},
		"user of the peers":        {Config{URI: "qemu:///system", PeerURI: "qemu+ssh://a%7Cb@kvm1/system"}, FieldPeerURI, "its user holds"},

		"ext":                        {Config{URI: "qemu+ext://kvm1/system?command=x"}, FieldURI, "names none of the transports libssh, libssh2, ssh, tcp, tls, unix"},
		"no transport":               {Config{URI: "qemu+carrier-pigeon://kvm1/system"}, FieldURI, "names none of the transports"},
		"tls with a priority":        {Config{URI: "qemu+tls://kvm1/system?tls_priority=NORMAL"}, FieldURI, "is for GnuTLS and is not supported"},
		"tls with a strange flag":    {Config{URI: "qemu+tls://kvm1/system?no_verify=yes"}, FieldURI, "no_verify must be 0 or 1"},
		"tls without host":           {Config{URI: "qemu+tls:///system"}, FieldURI, "needs a host name"},
		"other driver":               {Config{URI: "xen:///system"}, FieldURI, "only QEMU hosts are supported"},
		"empty":                      {Config{URI: ""}, FieldURI, "not a valid URI"},
		"bare name":                  {Config{URI: "kvm1"}, FieldURI, "not a valid URI"},
		"opaque":                     {Config{URI: "qemu:system"}, FieldURI, "not a valid URI"},
		"no path":                    {Config{URI: "qemu+tcp://kvm1"}, FieldURI, "/system or /session"},
		"tcp without host":           {Config{URI: "qemu+tcp:///system"}, FieldURI, "needs a host name"},
		"unix with a strange mode":   {Config{URI: "qemu+unix:///system?mode=modular"}, FieldURI, "mode must be one of auto, direct, legacy"},
		"unix with host":             {Config{URI: "qemu+unix://kvm1/system"}, FieldURI, "takes no host name"},
		"peer without host":          {Config{URI: "qemu:///system", PeerURI: "qemu:///system"}, FieldPeerURI, "needs a host name"},
		"peer of another driver":     {Config{URI: "qemu:///system", PeerURI: "xen://kvm1/system"}, FieldPeerURI, "only QEMU"},
		"password, tcp":              {Config{URI: "qemu+tcp://admin:hunter2@kvm1/system"}, FieldURI, "must not hold a password; set the host's username and password"},
		"password, tls":              {Config{URI: "qemu+tls://admin:hunter2@kvm1/system"}, FieldURI, "must not hold a password"},
		"password, unix":             {Config{URI: "qemu+unix://admin:hunter2@/system"}, FieldURI, "must not hold a password"},
		"password, libssh":           {Config{URI: "qemu+libssh://admin:hunter2@kvm1/system"}, FieldURI, "log in with a key or an agent"},
		"password, empty":            {Config{URI: "qemu+tls://admin:@kvm1/system"}, FieldURI, "must not hold a password"},
		"password for peers":         {Config{URI: "qemu:///system", PeerURI: "qemu+tls://admin:hunter2@kvm1/system"}, FieldPeerURI, "must not hold a password; the other hosts' libvirt logs in with its own keys"},
		"password for peers by ssh":  {Config{URI: "qemu:///system", PeerURI: "qemu+ssh://admin:hunter2@kvm1/system"}, FieldPeerURI, "must not hold a password"},
		"password for migration":     {Config{URI: "qemu:///system", MigrationURI: "tcp://admin:hunter2@10.0.0.1"}, FieldMigrationURI, "it takes no user and no password"},
		"user for migration":         {Config{URI: "qemu:///system", MigrationURI: "tcp://admin@10.0.0.1"}, FieldMigrationURI, "it takes no user and no password"},
		"migration without a scheme": {Config{URI: "qemu:///system", MigrationURI: "10.0.0.1"}, FieldMigrationURI, "tcp://10.0.0.2"},
		"migration to IPv6, bare":    {Config{URI: "qemu:///system", MigrationURI: "tcp://fd00::2"}, FieldMigrationURI, "in brackets: [fd00::2]"},
		"migration to no port":       {Config{URI: "qemu:///system", MigrationURI: "tcp://[fd00::2]:"}, FieldMigrationURI, "leave the colon out: [fd00::2]"},
		"IPv6, bare":                 {Config{URI: "qemu+tcp://fd00::1/system"}, FieldURI, "in brackets: [fd00::1]"},
		"peer over IPv6, bare":       {Config{URI: "qemu:///system", PeerURI: "qemu+tcp://fd00::1/system"}, FieldPeerURI, "in brackets: [fd00::1]"},
		"migration over http":        {Config{URI: "qemu:///system", MigrationURI: "http://10.0.0.1"}, FieldMigrationURI, "tcp://10.0.0.2"},
		"listening on a port":        {Config{URI: "qemu:///system", ListenAddress: "10.0.0.2:49152"}, FieldListenAddress, "10.0.0.2 or fd00::2"},
		"listening on a URI":         {Config{URI: "qemu:///system", ListenAddress: "tcp://10.0.0.2"}, FieldListenAddress, "and nothing else"},
		"listening in brackets":      {Config{URI: "qemu:///system", ListenAddress: "[fd00::2]"}, FieldListenAddress, "and nothing else"},
		"listening on an option":     {Config{URI: "qemu:///system", ListenAddress: "-v"}, FieldListenAddress, "and nothing else"},
		"a certificate for blanks":   {Config{URI: "qemu:///system", TLSDestination: " "}, FieldTLSDestination, "kvm2.example.com"},
		"a certificate for a URI":    {Config{URI: "qemu:///system", TLSDestination: "tls://kvm1"}, FieldTLSDestination, "kvm2.example.com"},
		"migration to nowhere":       {Config{URI: "qemu:///system", MigrationURI: "tcp://"}, FieldMigrationURI, "tcp://10.0.0.2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.config.Name = "kvm1"
			errs := test.config.Validate()
			if test.field == "" {
				if len(errs) > 0 {
					t.Fatal(errs[0])
				}
				return
			}
			if len(errs) != 1 {
				t.Fatalf("got %v, want one error on %s", errs, test.field)
			}
			if errs[0].Field != test.field || errs[0].Host != "kvm1" || !strings.Contains(errs[0].Error(), test.reason) {
				t.Errorf("got %v, want one on %s: %s", errs[0], test.field, test.reason)
			}
			if _, err := New(test.config); err == nil {
				t.Error("New takes it")
			}
		})
	}
}

func TestConfigValidateReportsEveryField(t *testing.T) {
	t.Parallel()
	errs := Config{Name: "kvm1", URI: "nonsense", PeerURI: "nonsense", MigrationURI: "nonsense"}.Validate()
	if len(errs) != 3 {
		t.Errorf("got %v, want an error for each field", errs)
	}
}

// A password stands in many places of a URI that is not one.
func TestErrorsNeverQuoteAURI(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"qemu+tcp://admin:hunter2@kvm1:port/system",
		"qemu+tcp://admin:hunt%er2@kvm1/system",
		"qemu+tcp://admin:hunter2/x@kvm1/system",
		"qemu+ssh://admin:hunter2@kvm1/system?password=hunter2",
		"xen://admin:hunter2@kvm1/system",
		"hunter2@kvm1",
		"qemu+tcp://admin:hunter2@kvm1/",
		"qemu+tcp://admin:hunter2@/system",
	} {
		for _, err := range (Config{Name: "kvm1", URI: uri, PeerURI: uri, MigrationURI: uri}).Validate() {
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "admin") {
				t.Errorf("%q: %v", uri, err)
			}
		}
	}
}

func TestPeerURI(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config Config
		want   string
	}{
		"configured":                 {Config{URI: "qemu+tcp://kvm1/system", PeerURI: "qemu+tls://10.0.0.1/system"}, "qemu+tls://10.0.0.1/system"},
		"same way":                   {Config{URI: "qemu+tcp://kvm1:16510/system"}, "qemu+tcp://kvm1:16510/system"},
		"without the client's files": {Config{URI: "qemu+tcp://kvm1/system?keyfile=/home/me/id&known_hosts=/x&no_verify=1&command=/bin/ssh&socket=/s&netcat=nc&no_tty=1&proxy=auto&pkipath=/p&mode=direct"}, "qemu+tcp://kvm1/system"},
		"name of the remote driver":  {Config{URI: "qemu+tcp://kvm1/system?name=qemu:///system&pkipath=/p"}, "qemu+tcp://kvm1/system?name=qemu%3A%2F%2F%2Fsystem"},
		"user":                       {Config{URI: "qemu+tcp://admin@kvm1/system"}, "qemu+tcp://admin@kvm1/system"},
		"socket of this machine":     {Config{URI: "qemu+unix:///system?socket=/s"}, ""},
		"this machine":               {Config{URI: "qemu:///system"}, ""},
		"this machine, reachable":    {Config{URI: "qemu:///system", PeerURI: "qemu+ssh://root@kvm1/system"}, "qemu+ssh://root@kvm1/system"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := New(test.config)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if got := h.PeerURI(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPasswordsDoNotShow(t *testing.T) {
	t.Parallel()
	config := Config{Name: "kvm1", URI: "qemu+tls://kvm1/system", Username: "fred", Password: "s3cret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, config); strings.Contains(text, "s3cret") {
			t.Errorf("%s shows it: %s", verb, text)
		}
	}
}

// What other hosts are to use must not lead them to themselves.
func TestConfigLoopbacks(t *testing.T) {
	t.Parallel()
	for uri, loops := range map[string]bool{
		"://[::1]": true, "://[::]": true, "://127.0.0.1": true, "://localhost": true, "://10.0.0.2": false, "://kvm2": false,
	} {
		var fields []string
		for _, err := range (Config{
			URI: "qemu+tcp" + uri + ":16510/system", PeerURI: "qemu+tcp" + uri + "/system", MigrationURI: "tcp" + uri,
		}).Loopbacks() {
			fields = append(fields, err.Field)
		}
		if want := []string{FieldPeerURI, FieldMigrationURI}; loops != slices.Equal(fields, want) || !loops && fields != nil {
			t.Errorf("%s: got errors on %v", uri, fields)
		}
	}
	for address, loops := range map[string]bool{
		"127.0.0.1": true, "::1": true, "localhost": true, "0.0.0.0": false, "::": false, "10.0.0.2": false, "": false,
	} {
		errs := (Config{URI: "qemu:///system", ListenAddress: address}).Loopbacks()
		if loops != (len(errs) == 1 && errs[0].Field == FieldListenAddress) || !loops && errs != nil {
			t.Errorf("listening on %q: got %v", address, errs)
		}
	}
	if errs := (Config{URI: "qemu+tcp://localhost/system"}).Loopbacks(); errs != nil {
		t.Errorf("without a URI for others: got %v", errs)
	}
}
