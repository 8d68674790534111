package host

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Password is a secret that does not show when it is printed.
type Password string

// String hides the password.
func (Password) String() string { return "(hidden)" }

// GoString hides the password.
func (Password) GoString() string { return "(hidden)" }

// credentials are what a host that wants SASL is told.
type credentials struct {
	username string
	password Password
}

// credentials are those of the configuration, or those that libvirt's auth.conf
// has for the host; found tells whether there are any.
func (h *Host) credentials() (who credentials, found bool, err error) {
	if h.cfg.Username != "" {
		return credentials{h.cfg.Username, h.cfg.Password}, true, nil
	}
	file, err := authFile(h.uri)
	if err != nil || file == "" {
		return credentials{}, false, err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return credentials{}, false, &credentialError{reason: unreadable(file, err)}
	}
	who, found, err = lookupCredentials(string(content), h.uri.Hostname())
	if err != nil {
		err = &credentialError{reason: fmt.Sprintf("libvirt's %s cannot be used: %v", file, err)}
	}
	return who, found, err
}

func unreadable(file string, err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("%s cannot be read: %v", file, err)
}

// authFile is where libvirt looks for credentials
// (virAuthGetConfigFilePathURI); empty when there is no such file.
func authFile(uri *url.URL) (string, error) {
	if file := os.Getenv("LIBVIRT_AUTH_FILE"); file != "" {
		return file, nil
	}
	p, err := parametersOf(uri)
	if err != nil {
		return "", err
	}
	if file := p["authfile"]; file != "" {
		return file, nil
	}
	if directory, err := os.UserConfigDir(); err == nil {
		if file := filepath.Join(directory, "libvirt", "auth.conf"); exists(file) {
			return file, nil
		}
	}
	if file := "/etc/libvirt/auth.conf"; exists(file) {
		return file, nil
	}
	return "", nil
}

// lookupCredentials finds those of a host in a file in libvirt's format: the
// group auth-libvirt-HOST, or auth-libvirt-default, names a group
// credentials-NAME.
func lookupCredentials(content, hostname string) (who credentials, found bool, err error) {
	if hostname == "" {
		hostname = "localhost"
	}
	groups, err := parseKeyFile(content)
	if err != nil {
		return credentials{}, false, err
	}
	name := "auth-libvirt-" + hostname
	group, found := groups[name]
	if !found {
		name = "auth-libvirt-default"
		if group, found = groups[name]; !found {
			return credentials{}, false, nil
		}
	}
	set, found := groups["credentials-"+group["credentials"]]
	if !found {
		return credentials{}, false, fmt.Errorf("the group %s names no group of credentials", name)
	}
	if set["authname"] == "" || set["password"] == "" {
		return credentials{}, false, fmt.Errorf("the group credentials-%s lacks authname or password", group["credentials"])
	}
	return credentials{set["authname"], Password(set["password"])}, true, nil
}

// parseKeyFile reads groups of keys and values in the format of GLib's key
// files. Errors do not quote it.
func parseKeyFile(content string) (map[string]map[string]string, error) {
	groups := map[string]map[string]string{}
	var group map[string]string
	number := 0
	for line := range strings.Lines(content) {
		number++
		line = strings.TrimSpace(line)
		name, isGroup := strings.CutPrefix(line, "[")
		switch {
		case line == "" || line[0] == '#':
		case isGroup:
			name, closed := strings.CutSuffix(name, "]")
			if !closed {
				return nil, fmt.Errorf("line %d is not right", number)
			}
			if groups[name] == nil {
				groups[name] = map[string]string{}
			}
			group = groups[name]
		default:
			key, value, found := strings.Cut(line, "=")
			if !found || group == nil {
				return nil, fmt.Errorf("line %d is not right", number)
			}
			group[strings.TrimSpace(key)] = unescape.Replace(strings.TrimSpace(value))
		}
	}
	return groups, nil
}

// unescape undoes the escapes of GLib's key files.
var unescape = strings.NewReplacer(`\s`, " ", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`)
