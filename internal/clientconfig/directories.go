package clientconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Home is the user's home, where HOME says. Without HOME there is none: the one of
// the user's account, which libvirt's own clients and ssh fall back on, is not
// looked for. Whoever runs a program without HOME wants nothing of a user in it.
func Home() (string, error) { return directoryOf("HOME") }

// ConfigDirectory is where the user's programs have their configuration.
func ConfigDirectory() (string, error) { return below("XDG_CONFIG_HOME", ".config") }

// cacheDirectory is where the user's programs have what they can do without.
func cacheDirectory() (string, error) { return below("XDG_CACHE_HOME", ".cache") }

// RuntimeDirectory is where a user's own daemon has its sockets
// (virGetUserRuntimeDirectory).
func RuntimeDirectory() (string, error) {
	directory, err := cacheDirectory()
	if os.Getenv("XDG_RUNTIME_DIR") != "" {
		directory, err = directoryOf("XDG_RUNTIME_DIR")
	}
	if err != nil {
		return "", fmt.Errorf("find the user's sockets: %w", err)
	}
	return filepath.Join(directory, "libvirt"), nil
}

// MachineKnownHosts is the file of known hosts that all users of this machine
// trust, by ssh too.
const MachineKnownHosts = "/etc/ssh/ssh_known_hosts"

// KnownHosts are the files of known hosts: libvirt's and ssh's of the user, and the
// machine's.
func KnownHosts() []string {
	var files []string
	if config, err := ConfigDirectory(); err == nil {
		files = append(files, filepath.Join(config, "libvirt", "known_hosts"))
	}
	if home, err := Home(); err == nil {
		files = append(files, filepath.Join(home, ".ssh", "known_hosts"))
	}
	return append(files, MachineKnownHosts)
}

// below is the directory that an environment variable says, else one in the home.
func below(variable, name string) (string, error) {
	if os.Getenv(variable) != "" {
		return directoryOf(variable)
	}
	home, err := Home()
	return filepath.Join(home, name), err
}

// directoryOf is the directory that an environment variable says. A relative one
// would be somebody else's wherever Terraform runs.
func directoryOf(variable string) (string, error) {
	switch directory := os.Getenv(variable); {
	case directory == "":
		return "", errors.New(variable + " is not set")
	case !filepath.IsAbs(directory):
		return "", errors.New(variable + " is not an absolute path")
	default:
		return directory, nil
	}
}

// MakeConfigDirectory makes the directory of libvirt's clients in the user's
// configuration, for the user alone. The home, and what XDG_CONFIG_HOME says, must be
// there: a directory that is there because its name was in the environment is nobody's.
func MakeConfigDirectory() (string, error) {
	config, err := ConfigDirectory()
	if err != nil {
		return "", err
	}
	ground := config
	if os.Getenv("XDG_CONFIG_HOME") == "" {
		ground = filepath.Dir(config)
	}
	if info, err := os.Stat(ground); Absent(err) || err == nil && !info.IsDir() {
		return "", fmt.Errorf("there is no directory %s", ground)
	}
	directory := filepath.Join(config, "libvirt")
	return directory, os.MkdirAll(directory, 0o700)
}

// Exists tells whether there is such a file, or anything else.
func Exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Absent tells whether an error means that there is no such file: neither the file
// nor, as with /dev/null for a home, the directory.
func Absent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
