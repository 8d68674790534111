package clientconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Home is the directory in HOME. There is no fallback to the user's account, unlike in
// libvirt's own clients and ssh: whoever unsets HOME wants no user's files.
func Home() (string, error) { return directoryOf("HOME") }

// ConfigDirectory is the directory of the user's configuration.
func ConfigDirectory() (string, error) { return below("XDG_CONFIG_HOME", ".config") }

// cacheDirectory is the directory of the user's caches.
func cacheDirectory() (string, error) { return below("XDG_CACHE_HOME", ".cache") }

// RuntimeDirectory is the directory of the sockets of a user's own daemon
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

// MachineKnownHosts is the file of known hosts of all users of this machine, for ssh
// too.
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

// below is the directory in an environment variable, otherwise one in the home.
func below(variable, name string) (string, error) {
	if os.Getenv(variable) != "" {
		return directoryOf(variable)
	}
	home, err := Home()
	return filepath.Join(home, name), err
}

// directoryOf is the directory in an environment variable. It must be absolute: Terraform
// may run anywhere.
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
// configuration, readable by the user alone. It does not create the home or the
// directory in XDG_CONFIG_HOME: a wrong environment must not make directories.
func MakeConfigDirectory() (string, error) {
	config, err := ConfigDirectory()
	if err != nil {
		return "", err
	}
	parent := config
	if os.Getenv("XDG_CONFIG_HOME") == "" {
		parent = filepath.Dir(config)
	}
	if info, err := os.Stat(parent); Absent(err) || err == nil && !info.IsDir() {
		return "", fmt.Errorf("there is no directory %s", parent)
	}
	directory := filepath.Join(config, "libvirt")
	return directory, os.MkdirAll(directory, 0o700)
}

// Exists tells whether there is a file or directory of that name.
func Exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Absent tells whether an error means that a file does not exist, also because its
// directory is none, as with /dev/null for a home.
func Absent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
