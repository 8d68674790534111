package preflight

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// pathCheck looks whether the destination has the files, block devices and directories
// that the VM needs: disks, CD-ROMs, kernels, and the directories of serial ports and logs.
type pathCheck struct{}

// PathMissing is a path that a host does not have. Gone is true where the source does not have
// it either, as far as is known.
type PathMissing struct {
	Path string
	Gone bool
}

// Problem implements migration.Fact.
func (PathMissing) Problem() string { return "no such file" }

// DirectoryMissing is a directory that a host does not have, of a file that QEMU or
// virtlogd would make there.
type DirectoryMissing struct{ Directory string }

// Problem implements migration.Fact.
func (DirectoryMissing) Problem() string { return "no such directory" }

func (pathCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	copies := s.copies(ctx)
	found, err := s.paths(ctx, s.guest.paths(copies))
	unknown := []error{err}
	for _, d := range s.guest.Disks {
		copied, _ := copies(d)
		if own := s.onSource(d); !copied && len(own.Chain.Paths()) > 0 && len(d.Chain.Paths()) == 0 {
			unknown = append(unknown, unknowable(s.destination(), d.name()+" backing file (of "+d.Path+")"))
		}
	}
	for _, u := range s.guest.Unasked {
		unknown = append(unknown, unknowable(s.destination(), u.Device+" ("+u.Name+")"))
	}
	return found, errors.Join(unknown...)
}

// copies tells of the disks that are copied, or would be if they could; a copy in full needs
// no backing file.
func (s *scope) copies(ctx context.Context) func(Disk) (image, backing bool) {
	incremental := s.Move.Policy.CopyStorage() == policy.CopyIncremental
	return func(d Disk) (image, backing bool) {
		copied := s.fate(ctx, d.Target) != storage.Left
		return copied, copied && !incremental
	}
}

// paths are what the guest needs by path. A medium that it starts without, and what is copied,
// is none of it.
func (g *Guest) paths(copies func(Disk) (image, backing bool)) []File {
	var files []File
	for _, d := range g.Disks {
		if d.Optional {
			continue
		}
		image, chain := copies(d)
		if d.Path != "" && !image {
			files = append(files, File{Device: d.name(), Path: d.Path, Written: !d.ReadOnly})
		}
		for _, backing := range d.Chain.Paths() {
			if chain {
				break
			}
			files = append(files, File{Device: d.name() + " backing file", Path: backing, Written: !d.ReadOnly})
		}
	}
	files = append(files, g.Files...)
	for _, fs := range g.Filesystems {
		if fs.Source != "" {
			files = append(files, File{Device: "filesystem " + fs.Target, Path: fs.Source, Mounted: true})
		}
	}
	return files
}

// name is the disk in a finding.
func (d Disk) name() string { return d.Device + " " + d.Target }

// paths looks for files on the destination.
func (s *scope) paths(ctx context.Context, files []File) ([]migration.Finding, error) {
	var found []migration.Finding
	var unknown []error
	reading, untold := map[Why][]string{}, map[Why]error{}
	for _, file := range files {
		presence, err := s.presence(ctx, file)
		var own *unaskedError
		switch {
		case errors.As(err, &own):
			if !slices.Contains(reading[own.why], file.Path) {
				reading[own.why] = append(reading[own.why], file.Path)
			}
			untold[own.why] = own.err
		case presence == Absent && file.Written && s.refused(ctx, refusal.UnsharedStorage):
			// The source's verdict tells of it.
		case presence == Absent && file.Mounted && s.refused(ctx, refusal.HostFilesystem):
			// So it does, where QEMU or libvirt cannot move a mounted directory or virtiofs at all.
		case presence == Absent && file.Created:
			found = append(found, migration.Finding{
				Fact: DirectoryMissing{path.Dir(file.Path)}, Host: s.destination(), Device: file.Device,
			})
		case presence == Absent:
			found = append(found, migration.Finding{
				Fact: PathMissing{file.Path, s.gone(ctx, file.Path)}, Host: s.destination(), Device: file.Device,
				// A hook of the destination may make a block device when the VM comes.
				Warning: strings.HasPrefix(file.Path, "/dev/"),
			})
		}
	}
	for _, why := range slices.Sorted(maps.Keys(reading)) { // each reason once
		unknown = append(unknown, &unaskedError{why, s.destination(), strings.Join(reading[why], ", "), untold[why]})
	}
	return found, errors.Join(unknown...)
}

// gone tells whether the source is known not to have a path.
func (s *scope) gone(ctx context.Context, path string) bool {
	presence, err := s.Source.PathInPools(ctx, path)
	if err != nil || presence != NotListed || !s.Thorough {
		return err == nil && presence == Absent
	}
	there, err := s.Source.HasPath(ctx, path)
	return err == nil && !there
}

// presence tells whether the destination has a file, or the directory of one that is made
// there. The error says why it is not known.
func (s *scope) presence(ctx context.Context, file File) (Presence, error) {
	directory := path.Dir(file.Path)
	pools, err := s.Destination.Pools(ctx)
	if err != nil && reason(err) != Unsupported {
		return NotListed, unasked(s.destination(), file.Path, err)
	}
	within := func(p storage.Pool) bool {
		return p.Active && p.Path != "" && strings.HasPrefix(file.Path, strings.TrimSuffix(p.Path, "/")+"/")
	}
	switch i := slices.IndexFunc(pools, within); {
	case i >= 0 && file.Created && path.Clean(pools[i].Path) == directory:
		return Present, nil
	case i >= 0 && !file.Created:
		presence, err := s.Destination.PathInPools(ctx, file.Path)
		if err != nil {
			return NotListed, unasked(s.destination(), file.Path, err)
		}
		if presence != NotListed {
			return presence, nil
		}
	}
	if !s.Thorough {
		return NotListed, needsThorough(s.destination(), file.Path)
	}
	wanted := file.Path
	if file.Created {
		wanted = directory
	}
	there, err := s.Destination.HasPath(ctx, wanted)
	switch {
	case err != nil:
		return NotListed, unasked(s.destination(), wanted, err)
	case there:
		return Present, nil
	}
	return Absent, nil
}
