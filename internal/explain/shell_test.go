package explain

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// A shell takes each word for the name that it stands for.
func TestWord(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"/srv/web.qcow2":   "/srv/web.qcow2",
		"br0":              "br0",
		"/srv/My VM.qcow2": "'/srv/My VM.qcow2'",
		"it's":             `'it'\''s'`,
		"$(id)&;*":         "'$(id)&;*'",
		"Müller":           "'Müller'",
		"":                 "''",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := word(name); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if said, err := exec.Command("sh", "-c", "printf %s "+word(name)).Output(); err != nil || string(said) != name {
				t.Errorf("a shell takes %s for %q (%v)", word(name), said, err)
			}
		})
	}
}

// TestCommandsQuoteNames finds a command in which a name that somebody has chosen would be taken apart.
func TestCommandsQuoteNames(t *testing.T) {
	t.Parallel()
	const name, file, directory = "a b", "/srv/a b/a b.img", "/srv/a b"
	r := remediesOf(migration.Finding{Subject: web, Host: "kvm2"})
	volume := storage.Volume{Pool: name, Name: name, Path: file}
	obstacle := func(o storage.Obstacle, change func(*storage.Facts)) string {
		f := migration.Finding{Subject: web, Host: "kvm2", Device: "disk vda"}
		f.Fact = preflight.DiskObstacle{Decision: vda(storage.Refused, o, func(d *storage.Facts) {
			d.Path, d.Pool = file, &storage.Pool{Name: name, Type: "dir"}
			change(d)
		})}
		return Advise(f).Remedy
	}
	same := func(*storage.Facts) {}
	for what, text := range map[string]string{
		"bridge":           r.bridge(name),
		"network":          r.network(name),
		"inactive network": r.inactiveNetwork(name),
		"network filter":   r.networkFilter(name),
		"file":             r.file(file, "", false),
		"firmware":         r.firmware(file, false),
		"directory":        r.directory(directory),
		"pool":             r.pool(name),
		"inactive pool":    r.inactivePool(name),
		"volume":           r.volume(name),
		"emulator":         r.emulator(file),
		"machine type":     r.machineType(file),
		"new pool":         r.newPool(directory),
		"new volume group": r.newPool("/dev/a b"),
		"leftover":         r.leftover(file, &volume),
		"leftover, by path": obstacle(storage.Exists, func(d *storage.Facts) {
			d.There = nil
		}),
		"not known":      obstacle(storage.NotKnown, same),
		"unproved":       obstacle(storage.Unproved, same),
		"no room":        r.leftover(file, nil),
		"logical volume": r.leftover("/dev/a b/c", nil),
		"command":        "`" + RemoveVolume(history.Volume{Pool: name, Name: name, Path: file}) + "`",
		"cluster":        importHint(fleet.Copy{Level: host.Cluster, Host: "kvm1", Record: policy.Record{Cluster: name}}),
		"pool's refresh": Detail(&preflight.RefreshError{Pool: name, Host: "kvm2"}),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			found := 0
			for _, command := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(text, -1) {
				if strings.Contains(command[1], "a b") {
					found++
				}
				if unquoted := regexp.MustCompile(`'[^']*'`).ReplaceAllString(command[1], ""); strings.Contains(unquoted, "a b") {
					t.Errorf("%s is not one word in %s", name, command[1])
				}
			}
			if found == 0 {
				t.Errorf("no command has the name: %s", text)
			}
		})
	}
}
