package explain

import (
	"regexp"
	"strings"
)

// plainWord is what a shell takes as one word as it stands.
var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// word is a name or a path as one word of a command: quoted where a shell would take it apart, as the file of a disk
// may be called "My VM.qcow2".
func word(name string) string {
	if plainWord.MatchString(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
