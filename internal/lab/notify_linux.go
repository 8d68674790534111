package lab

import (
	"errors"
	"os"
	"syscall"
)

// notify returns a file that can be read whenever the file at path has changed.
func notify(path string) (*os.File, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	notifier := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, path, syscall.IN_MODIFY); err != nil {
		return nil, errors.Join(os.NewSyscallError("inotify_add_watch", err), notifier.Close())
	}
	return notifier, nil
}
