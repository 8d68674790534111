package host

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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

// wantsLogin is what to do about a host that wants SASL.
const wantsLogin = "libvirt wants a user name and a password (SASL); " + loginSASL

// mayLogIn tells whether there is a place to look for credentials.
func (h *Host) mayLogIn() bool {
	files, named := authFiles(h.uri)
	return h.cfg.Username != "" || named || slices.ContainsFunc(files, exists)
}

// credentials are those of the configuration, or those that libvirt's auth.conf
// has for the host. No file is read before a host wants to know, so that none
// that is wrong stands between us and the others.
func (h *Host) credentials() (credentials, error) {
	if h.cfg.Username != "" {
		return credentials{h.cfg.Username, h.cfg.Password}, nil
	}
	files, named := authFiles(h.uri)
	advice := wantsLogin
	for _, file := range files {
		content, err := os.ReadFile(file)
		switch {
		case err == nil:
			return credentialsIn(file, string(content), h.uri.Hostname())
		case named:
			return credentials{}, &credentialError{reason: unreadable(file, err)}
		case !absent(err):
			advice += "; " + unreadable(file, err)
		}
	}
	return credentials{}, &credentialError{reason: advice}
}

func unreadable(file string, err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("%s cannot be read: %v", file, err)
}

// authFiles are where libvirt looks for credentials, the first that can be read
// counts (virAuthGetConfigFilePathURI); the one that somebody named is the only
// one.
func authFiles(uri *url.URL) (files []string, named bool) {
	if file := os.Getenv("LIBVIRT_AUTH_FILE"); file != "" {
		return []string{file}, true
	}
	if p, err := parametersOf(uri); err == nil && p["authfile"] != "" {
		return []string{p["authfile"]}, true
	}
	if directory, err := configDirectory(); err == nil {
		files = append(files, filepath.Join(directory, "libvirt", "auth.conf"))
	}
	return append(files, "/etc/libvirt/auth.conf"), false
}

// credentialsIn are those that a file has for a host.
func credentialsIn(file, content, hostname string) (credentials, error) {
	who, found, err := lookupCredentials(content, hostname)
	switch {
	case err != nil:
		return credentials{}, &credentialError{reason: fmt.Sprintf("libvirt's %s cannot be used: %v", file, err)}
	case !found:
		return credentials{}, &credentialError{reason: wantsLogin + " (" + file + " has none for this host)"}
	}
	return who, nil
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
