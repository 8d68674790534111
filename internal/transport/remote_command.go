package transport

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// Values of the URI's parameters proxy and mode.
const (
	proxyAuto, proxyNative, proxyNetcat = "auto", "native", "netcat"
	modeAuto, modeDirect, modeLegacy    = "auto", "direct", "legacy"
)

// remoteCommand is the command that connects an SSH session to libvirt on the host:
// virt-ssh-helper (libvirt 6.8 or newer) or netcat. Like libvirt
// (virNetClientSSHHelperCommand) it runs in a sh, because login shells differ.
func remoteCommand(driver string, p parameters) (string, error) {
	proxy, err := p.oneOf("proxy", proxyAuto, proxyNative, proxyNetcat)
	if err != nil {
		return "", err
	}
	mode, err := p.oneOf("mode", modeAuto, modeDirect, modeLegacy)
	if err != nil {
		return "", err
	}
	socket, netcat := p["socket"], p["netcat"]
	for _, given := range []struct{ name, value string }{{"socket", socket}, {"netcat", netcat}, {"name", p["name"]}} {
		if !shellSafe(given.value) {
			return "", fmt.Errorf("its parameter %s must not hold backslashes, exclamation marks or control characters",
				given.name)
		}
	}
	switch {
	case proxy == proxyNative && netcat != "":
		return "", errors.New("its parameter netcat has no meaning with proxy=native")
	case proxy == proxyAuto && (netcat != "" || socket != ""):
		// Old helpers ignore the socket and silently use another one.
		proxy = proxyNetcat
	}
	script := "LC_ALL=C; export LC_ALL; "
	switch proxy {
	case proxyNative:
		script += "exec virt-ssh-helper " + quote(helperURI(driver, mode, socket))
	case proxyNetcat:
		script += netcatScript(netcat, socketScript(driver, mode, socket))
	default:
		script += "if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper " +
			quote(helperURI(driver, mode, "")) + "; fi; " + netcatScript("", socketScript(driver, mode, ""))
	}
	return "sh -c " + quote(script), nil
}

// helperURI is the argument of virt-ssh-helper.
func helperURI(driver, mode, socket string) string {
	query := []string{}
	if mode != modeAuto {
		query = append(query, "mode="+mode)
	}
	if socket != "" {
		query = append(query, "socket="+strings.ReplaceAll(url.QueryEscape(socket), "+", "%20"))
	}
	if len(query) == 0 {
		return driver
	}
	return driver + "?" + strings.Join(query, "&")
}

// socketScript sets S to the daemon's socket on the host: libvirtd's, or virtqemud's
// if there is no libvirtd.
func socketScript(driver, mode, socket string) string {
	const legacy, direct = "/libvirt-sock", "/virtqemud-sock"
	directory := "/var/run/libvirt"
	if strings.HasSuffix(driver, "/session") {
		directory = `"${XDG_RUNTIME_DIR:-$HOME/.cache}"/libvirt`
	}
	switch {
	case socket != "":
		return "S=" + quote(socket) + "; "
	case mode == modeDirect:
		return "S=" + directory + direct + "; "
	case mode == modeLegacy:
		return "S=" + directory + legacy + "; "
	}
	return "S=" + directory + legacy + "; D=" + directory + direct +
		`; if [ ! -S "$S" ] && [ -S "$D" ]; then S=$D; fi; `
}

// netcatScript runs netcat on S. A netcat that supports -q ends with its input only if
// told to; others do so by themselves.
func netcatScript(netcat, socket string) string {
	if netcat == "" {
		netcat = "nc"
	}
	return socket + "N=" + quote(netcat) +
		`; Q=; if "$N" -q </dev/null 2>&1 | grep "requires an argument" >/dev/null 2>&1; ` +
		`then Q=-q0; fi; exec "$N" $Q -U "$S"`
}

// shellSafe tells whether a word can be quoted for every shell, fish and csh included.
func shellSafe(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return r == '\\' || r == '!' || unicode.IsControl(r) })
}

// quote quotes a [shellSafe] word for a shell. The result is shellSafe, too.
func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
}
