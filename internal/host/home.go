package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// homeDirectory is the user's home, where HOME says. Without HOME there is none: the
// one of the user's account, which libvirt's own clients and ssh fall back on, is not
// looked for, as whoever runs a program without HOME wants nothing of a user in it.
func homeDirectory() (string, error) { return directoryOf("HOME") }

// configDirectory is where the user's programs have their configuration.
func configDirectory() (string, error) { return below("XDG_CONFIG_HOME", ".config") }

// cacheDirectory is where the user's programs have what they can do without.
func cacheDirectory() (string, error) { return below("XDG_CACHE_HOME", ".cache") }

// below is the directory that an environment variable says, else one in the home.
func below(variable, name string) (string, error) {
	if os.Getenv(variable) != "" {
		return directoryOf(variable)
	}
	home, err := homeDirectory()
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

// makeConfigDirectory makes the directory of libvirt's clients in the user's
// configuration, for the user alone. The home, and what XDG_CONFIG_HOME says, must be
// there: a directory that is there because its name was in the environment is nobody's.
func makeConfigDirectory() (string, error) {
	config, err := configDirectory()
	if err != nil {
		return "", err
	}
	ground := config
	if os.Getenv("XDG_CONFIG_HOME") == "" {
		ground = filepath.Dir(config)
	}
	if info, err := os.Stat(ground); absent(err) || err == nil && !info.IsDir() {
		return "", fmt.Errorf("there is no directory %s", ground)
	}
	directory := filepath.Join(config, "libvirt")
	return directory, os.MkdirAll(directory, 0o700)
}

// exists tells whether there is such a file, or anything else.
func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// absent tells whether an error means that there is no such file: neither the file
// nor, as with /dev/null for a home, the directory.
func absent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
