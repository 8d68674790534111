package clientconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// NoCredentialsError is a search for credentials that found none.
type NoCredentialsError struct {
	// Reasons tells for each existing file why it did not help.
	Reasons []string
}

func (e *NoCredentialsError) Error() string {
	return strings.Join(append([]string{"auth.conf has no credentials"}, e.Reasons...), "; ")
}

// HasAuthFile tells whether there is a file to search for credentials. named is the
// one that a URI names, or empty.
func HasAuthFile(named string) bool {
	files, explicit := authFiles(named)
	return explicit || slices.ContainsFunc(files, Exists)
}

// FindCredentials returns the credentials of auth.conf for a host; an empty name is this
// machine. named is the file that a URI names, or empty. The error is a
// [*NoCredentialsError] if there are none, otherwise it says what is wrong with a file.
func FindCredentials(named, hostname string) (username, password string, err error) {
	files, explicit := authFiles(named)
	var none NoCredentialsError
	for _, file := range files {
		content, err := os.ReadFile(file)
		switch {
		case err == nil:
			return credentialsIn(file, string(content), hostname)
		case explicit:
			return "", "", errors.New(unreadable(file, err))
		case !Absent(err):
			none.Reasons = append(none.Reasons, unreadable(file, err))
		}
	}
	return "", "", &none
}

func unreadable(file string, err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("%s cannot be read: %v", file, err)
}

// authFiles are the files that libvirt searches for credentials; the first readable one
// counts (virAuthGetConfigFilePathURI). An explicitly named file is the only one.
func authFiles(named string) (files []string, explicit bool) {
	if file := os.Getenv("LIBVIRT_AUTH_FILE"); file != "" {
		return []string{file}, true
	}
	if named != "" {
		return []string{named}, true
	}
	if directory, err := ConfigDirectory(); err == nil {
		files = append(files, filepath.Join(directory, "libvirt", "auth.conf"))
	}
	return append(files, "/etc/libvirt/auth.conf"), false
}

// credentialsIn are the credentials of a file for a host.
func credentialsIn(file, content, hostname string) (username, password string, err error) {
	set, err := credentialsGroup(content, hostname)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("libvirt's %s cannot be used: %w", file, err)
	case set == nil:
		return "", "", &NoCredentialsError{Reasons: []string{file + " has none for this host"}}
	}
	return set["authname"], set["password"], nil
}

// credentialsGroup finds the credentials of a host: the group auth-libvirt-HOST, or
// auth-libvirt-default, names a group credentials-NAME. It is nil if there are none.
func credentialsGroup(content, hostname string) (map[string]string, error) {
	if hostname == "" {
		hostname = "localhost"
	}
	groups, err := parseKeyFile(content)
	if err != nil {
		return nil, err
	}
	name := "auth-libvirt-" + hostname
	group, found := groups[name]
	if !found {
		name = "auth-libvirt-default"
		if group, found = groups[name]; !found {
			return nil, nil
		}
	}
	set, found := groups["credentials-"+group["credentials"]]
	if !found {
		return nil, fmt.Errorf("the group %s names no existing group of credentials", name)
	}
	if set["authname"] == "" || set["password"] == "" {
		return nil, fmt.Errorf("the group credentials-%s lacks authname or password", group["credentials"])
	}
	return set, nil
}

// parseKeyFile reads the format of GLib's key files: groups of keys and values. Errors
// do not quote the file.
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
				return nil, fmt.Errorf("line %d is malformed", number)
			}
			if groups[name] == nil {
				groups[name] = map[string]string{}
			}
			group = groups[name]
		default:
			key, value, found := strings.Cut(line, "=")
			if !found || group == nil {
				return nil, fmt.Errorf("line %d is malformed", number)
			}
			group[strings.TrimSpace(key)] = unescape.Replace(strings.TrimSpace(value))
		}
	}
	return groups, nil
}

// unescape undoes the escapes of GLib's key files.
var unescape = strings.NewReplacer(`\s`, " ", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`)
