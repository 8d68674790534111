package transport

import "regexp"

// users matches users before a host's name, as in root@kvm1, and those in a message of
// sshd older than 7.0.
var users = regexp.MustCompile(`[^\s@"'(</]+@|(Too many authentication failures) for (?:invalid user )?\S+`)

// withoutUsers removes users from a text.
func withoutUsers(text string) string { return users.ReplaceAllString(text, "$1") }
