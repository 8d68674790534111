package clientconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// DefaultURIVariable is the environment variable with the default URI of libvirt's
// clients.
const DefaultURIVariable = "LIBVIRT_DEFAULT_URI"

// DefaultURI is the default URI of libvirt's clients, and its origin: the environment,
// uri_default in libvirt's client configuration, or qemu:///system.
func DefaultURI() (uri, origin string, err error) {
	if uri = os.Getenv(DefaultURIVariable); uri != "" {
		return uri, DefaultURIVariable, nil
	}
	config, err := readLibvirtConf()
	switch {
	case err != nil:
		return "", "", err
	case config.uriDefault != "":
		return config.uriDefault, "uri_default of " + config.file, nil
	}
	return "qemu:///system", "libvirt's default", nil
}

// aliasPattern matches the names of aliases. It matches no URI.
var aliasPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// ResolveAlias returns the URI of an alias, or the text itself if it is no alias.
func ResolveAlias(text string) (string, error) {
	if !aliasPattern.MatchString(text) {
		return text, nil
	}
	config, err := readLibvirtConf()
	if err != nil {
		return "", err
	}
	if uri, found := config.aliases[text]; found {
		return uri, nil
	}
	return text, nil
}

// libvirtConf is what libvirt.conf says of URIs.
type libvirtConf struct {
	file       string
	aliases    map[string]string
	uriDefault string
}

// readLibvirtConf reads the configuration of libvirt's clients: the machine's for root,
// otherwise the user's own (virConnectGetConfigFilePath). A missing file counts as
// empty.
func readLibvirtConf() (libvirtConf, error) {
	file := "/etc/libvirt/libvirt.conf"
	if os.Geteuid() != 0 {
		directory, err := ConfigDirectory()
		if err != nil {
			return libvirtConf{}, nil //nolint:nilerr // an environment without a home has no configuration
		}
		file = filepath.Join(directory, "libvirt", "libvirt.conf")
	}
	content, err := os.ReadFile(file)
	if Absent(err) {
		return libvirtConf{}, nil
	}
	var config libvirtConf
	if err == nil {
		config, err = parseLibvirtConf(string(content))
	}
	if err != nil {
		return libvirtConf{}, fmt.Errorf("libvirt's client configuration cannot be used: %w", err)
	}
	config.file = file
	return config, nil
}

// The format of libvirt's configuration files (virconf): settings, each of a
// number, a string without escapes, or a list of strings.
var (
	stringPattern  = `"""(?s:.*?)"""|"[^"\n]*"|'[^'\n]*'`
	blanks         = `(?:\s|#[^\n]*(?:\n|$))*`
	settingPattern = regexp.MustCompile(`^` + blanks + `([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(-?[0-9]+|` + stringPattern +
		`|\[(?:` + blanks + `|,|` + stringPattern + `)*\])[ \t]*(?:;|#[^\n]*|\n|$)`)
	itemPattern = regexp.MustCompile(`#[^\n]*|` + stringPattern)
	restPattern = regexp.MustCompile(`^` + blanks + `$`)
)

func parseLibvirtConf(content string) (libvirtConf, error) {
	config := libvirtConf{aliases: map[string]string{}}
	for !restPattern.MatchString(content) {
		found := settingPattern.FindStringSubmatch(content)
		if found == nil {
			return libvirtConf{}, errors.New("one of its lines is not a setting")
		}
		whole, name, value := found[0], found[1], found[2]
		content = content[len(whole):]
		switch name {
		case "uri_default":
			config.uriDefault = unquoted(value)
		case "uri_aliases":
			if err := config.addAliases(value); err != nil {
				return libvirtConf{}, err
			}
		}
	}
	return config, nil
}

// addAliases reads a list of aliases. The first of a name counts.
func (c libvirtConf) addAliases(list string) error {
	for _, item := range itemPattern.FindAllString(list, -1) {
		if strings.HasPrefix(item, "#") {
			continue
		}
		alias, uri, found := strings.Cut(unquoted(item), "=")
		if !found || !aliasPattern.MatchString(alias) {
			return errors.New("an entry of uri_aliases does not have the form alias=URI")
		}
		if _, twice := c.aliases[alias]; !twice {
			c.aliases[alias] = uri
		}
	}
	return nil
}

func unquoted(text string) string {
	for _, quote := range []string{`"""`, `"`, `'`} {
		if len(text) >= 2*len(quote) && strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
			return text[len(quote) : len(text)-len(quote)]
		}
	}
	return text
}
