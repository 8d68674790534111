//go:build lab

package defects

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
)

// remedy follows what a finding advises, and says what was done.
type remedy struct {
	// follow ends the test where the advice does not say what to do.
	follow func(s *scene, a explain.Advised) (done string)
}

// snapshot is the name of the guests' snapshots.
const snapshot = "before"

// command follows the advice's commands that begin with these words, as they stand, on the hosts that it names. FILE and
// VALUE are what the command before printed; NEW-NAME, SNAPSHOT, DISK and SIZE are filled in.
func command(beginnings ...string) remedy {
	return remedy{func(s *scene, a explain.Advised) string {
		s.Helper()
		printed := ""
		var done []string
		for _, beginning := range beginnings {
			line, at := quoted(s, a, beginning)
			file := s.write(printed)
			full := strings.NewReplacer("FILE", file, "VALUE", file, "NEW-NAME", "renamed-"+s.guest.UUID[:8], "SNAPSHOT", snapshot,
				"DISK", "vda", "SIZE", "32MiB").Replace(line)
			output, err := s.world.Host(at).Command(s.context(), "sh", "-c", full).CombinedOutput()
			if err != nil {
				s.Fatalf("the remedy does not work: on %s, %s: %v\n%s", at, full, err, output)
			}
			printed = string(output)
			done = append(done, fmt.Sprintf("`%s` on %s", strings.ReplaceAll(line, s.guest.UUID, "UUID"), at))
		}
		return strings.Join(done, ", ")
	}}
}

// then does more of what the advice says.
func (r remedy) then(do func(*scene)) remedy {
	return remedy{func(s *scene, a explain.Advised) string {
		s.Helper()
		done := r.follow(s, a)
		do(s)
		return done
	}}
}

// hostNamed is the host that a sentence says to run a command on.
var hostNamed = regexp.MustCompile(` on (kvm\d+)`)

// quoted is the advice's command that begins with these words, and the host that it is to be run on.
func quoted(s *scene, a explain.Advised, beginning string) (line, at string) {
	s.Helper()
	beginning = strings.ReplaceAll(beginning, "UUID", s.guest.UUID)
	parts := strings.Split(a.Remedy, "`")
	for i := 1; i < len(parts); i += 2 {
		if !strings.HasPrefix(parts[i], beginning) {
			continue
		}
		if named := hostNamed.FindStringSubmatch(strings.Join(parts[i+1:], "")); named != nil {
			return parts[i], named[1]
		}
	}
	s.Fatalf("the remedy names no command that begins with %q, and its host: %s", beginning, a.Remedy)
	return "", ""
}

// act does what the advice says in these words.
func act(says string, do func(*scene)) remedy {
	return remedy{func(s *scene, a explain.Advised) string {
		s.Helper()
		if !strings.Contains(a.Remedy, says) {
			s.Fatalf("the remedy does not say %q: %s", says, a.Remedy)
		}
		do(s)
		return strings.NewReplacer(s.guest.UUID, "UUID", s.guest.Name, "VM").Replace(says)
	}}
}

// edited follows the advice to change the definition by `virsh edit`, as sed does by that script, and to start the VM
// anew.
func edited(script string) remedy {
	return remedy{func(s *scene, a explain.Advised) string {
		s.Helper()
		line, at := quoted(s, a, "virsh edit ")
		s.edit(at, line, script)
		return fmt.Sprintf("`virsh edit UUID` on %s, started anew", at)
	}}
}

// edit changes the guest's definition by a command that edits it, as sed does by the script, and starts the guest anew.
func (s *scene) edit(at, line, script string) {
	s.Helper()
	editor := s.write("#!/bin/sh\nexec sed -i -E '" + script + "' \"$1\"\n")
	s.must(os.Chmod(editor, 0o700))
	edit := s.world.Host(at).Command(s.context(), "sh", "-c", line)
	edit.Env = append(os.Environ(), "EDITOR="+editor)
	if output, err := edit.CombinedOutput(); err != nil {
		s.Fatalf("on %s, %s: %v\n%s", at, line, err, output)
	}
	s.restart()
}

// restart starts the guest anew, paused.
func (s *scene) restart() {
	s.Helper()
	s.source.MustVirsh(s, "destroy", s.guest.UUID)
	s.source.MustVirsh(s, "start", "--paused", s.guest.UUID)
}
