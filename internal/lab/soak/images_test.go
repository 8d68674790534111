//go:build lab

package soak

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// watch notes a file that no move may touch.
func (s *diskSoak) watch(h *lab.Host, path string) {
	if s.foreignFiles[h] == nil {
		s.foreignFiles[h] = map[string]string{}
	}
	s.foreignFiles[h][path] = s.print(h, path)
}

// print is the fingerprint of a file: its identity, time and content.
func (s *diskSoak) print(h *lab.Host, path string) string {
	place := h.Inside(path)
	info, err := os.Stat(place)
	if err != nil {
		return err.Error()
	}
	content, err := os.ReadFile(place)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %x", info.ModTime(), sha256.Sum256(content))
}

// requireForeign wants files that are no move's to be as they were, and takes away what was put in the place of a disk.
func (s *diskSoak) requireForeign(t trip) {
	for h, files := range s.foreignFiles {
		for path, before := range files {
			if now := s.print(h, path); now != before {
				s.Errorf("%s: %s of %s was %s and is %s", t, path, h.Name, before, now)
			}
			if s.isDisk(path) {
				s.try(os.Remove(h.Inside(path)))
				delete(files, path)
			}
		}
	}
}

// isDisk tells whether a path is that of one of the guest's disks.
func (s *diskSoak) isDisk(path string) bool {
	return slices.ContainsFunc(s.guest.Disks(), func(d lab.Disk) bool { return d.Path == path })
}

// requireWrites wants on the disks what the guest has written, and nothing else.
func (s *diskSoak) requireWrites(t trip) {
	problems, compared, err := s.guest.Unwritten(s.Context(), s.home())
	if err != nil || len(problems) > 0 || compared == 0 {
		s.Errorf("%s: of %d sectors that the guest has written %d are not as they must be, on %s: %v %v",
			t, compared, len(problems), s.home().Name, problems, err)
	}
}

// requireExplained wants no file on either host but the guest's disks where it is, those that are no move's, and what the
// guest's history says that its moves have left. A client that is killed may leave a volume that it had no time to note: it
// is taken away.
func (s *diskSoak) requireExplained(t trip, ended outcome) {
	left := s.leftovers()
	for _, h := range s.world.Hosts {
		entries, err := os.ReadDir(h.Inside(lab.LocalImages))
		if err != nil {
			s.Fatal(err)
		}
		for _, e := range entries {
			path := lab.LocalImages + "/" + e.Name()
			_, isForeign := s.foreignFiles[h][path]
			isLeft := slices.ContainsFunc(left, func(l history.Leftover) bool { return l.Path == path })
			switch {
			case isForeign, h == s.home() && s.isDisk(path), h == s.other() && isLeft:
			case ended == killed && h == s.other() && s.isDisk(path):
				s.Logf("%s: %s has a volume that was not noted: %s", t, h.Name, path)
				s.results.unnote()
				s.try(os.Remove(h.Inside(path)))
			default:
				s.Errorf("%s: %s has %s, which nothing explains; left are %+v", t, h.Name, path, left)
			}
		}
	}
}

// removeLeftovers takes from the other host what moves have left of the disks there.
func (s *diskSoak) removeLeftovers() {
	for _, d := range s.guest.Disks() {
		if err := os.Remove(s.other().Inside(d.Path)); !errors.Is(err, os.ErrNotExist) {
			s.try(err)
		}
	}
}
