package transport

import "regexp"

// users are the users before a host's name, as in root@kvm1, and those whom sshd
// older than 7.0 names when it has enough of them.
var users = regexp.MustCompile(`[^\s@"'(</]+@|(Too many authentication failures) for (?:invalid user )?\S+`)

// withoutUsers takes users out of a text.
func withoutUsers(text string) string { return users.ReplaceAllString(text, "$1") }
