package lab

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// guestSource is the source of the guest's init. It is embedded so that a lab can be started from any directory.
//
//go:embed guest/*.go guest/*.s
var guestSource embed.FS

// setupScript installs the packages and fetches the kernel. It is embedded to fetch the kernel.
//
//go:embed setup/setup.sh
var setupScript string

// artifacts are the files that a guest boots from.
type artifacts struct {
	kernel string
	initrd string
}

// prepareArtifacts returns the guest's kernel and initrd from the cache, and fetches or builds what is missing.
func prepareArtifacts(ctx context.Context) (artifacts, error) {
	cache, err := cacheDirectory()
	if err != nil {
		return artifacts{}, err
	}
	kernel, err := prepareKernel(ctx, cache)
	if err != nil {
		return artifacts{}, err
	}
	initrd, err := prepareInitrd(ctx, cache)
	if err != nil {
		return artifacts{}, err
	}
	return artifacts{kernel: kernel, initrd: initrd}, nil
}

// cacheDirectory is the directory of what the lab fetched and built.
func cacheDirectory() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	directory := filepath.Join(base, "terraform-provider-virt")
	return directory, os.MkdirAll(directory, 0o755)
}

// prepareKernel returns the newest guest kernel in the cache. If there is none, the set-up script fetches it without
// privileges.
func prepareKernel(ctx context.Context, cache string) (string, error) {
	kernel, err := newestKernel(cache)
	if kernel != "" || err != nil {
		return kernel, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-s", "kernel")
	cmd.Stdin = strings.NewReader(setupScript)
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch the guest's kernel: %w\n%s", err, output)
	}
	kernel, err = newestKernel(cache)
	if err == nil && kernel == "" {
		err = errors.New("the set-up fetched no kernel for the guest")
	}
	return kernel, err
}

func newestKernel(cache string) (string, error) {
	kernels, err := filepath.Glob(filepath.Join(cache, "vmlinuz-*"))
	if err != nil || len(kernels) == 0 {
		return "", err
	}
	return slices.Max(kernels), nil
}

// prepareInitrd returns an initrd that holds the guest's init, built once per version of source and compiler.
func prepareInitrd(ctx context.Context, cache string) (string, error) {
	sources, err := fs.Glob(guestSource, "guest/*.*")
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version())
	files := make(map[string][]byte)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := guestSource.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(hash, name, len(content))
		hash.Write(content)
		files[filepath.Base(name)] = content
	}
	initrd := filepath.Join(cache, "initrd-"+hex.EncodeToString(hash.Sum(nil))[:16])
	if _, err := os.Stat(initrd); err == nil {
		return initrd, nil
	}
	program, err := buildGuest(ctx, files)
	if err != nil {
		return "", err
	}
	const directory, regular, character = 0o040000, 0o100000, 0o020000
	return initrd, writeFileAtomically(initrd, cpio([]cpioEntry{
		{name: "dev", mode: directory | 0o755},
		{name: "dev/console", mode: character | 0o600, major: 5, minor: 1},
		{name: "proc", mode: directory | 0o755},
		{name: "sys", mode: directory | 0o755},
		{name: "init", mode: regular | 0o755, content: program},
	}))
}

// buildGuest compiles the guest's init for baseline x86-64, without the C library.
func buildGuest(ctx context.Context, files map[string][]byte) ([]byte, error) {
	directory, err := os.MkdirTemp("", "lab-guest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	files["go.mod"] = []byte("module guest\n\ngo 1.26\n")
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", "init", ".")
	cmd.Dir = directory
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOFLAGS=", "GOWORK=off")
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the guest's init: %w\n%s", err, output)
	}
	return os.ReadFile(filepath.Join(directory, "init"))
}

// writeFileAtomically keeps labs that start at once from reading each other's incomplete files.
func writeFileAtomically(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".tmp-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
