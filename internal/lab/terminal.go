package lab

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"
)

// terminalVariable tells the inside of a lab to give its program the terminal.
const terminalVariable = "VIRT_LAB_TERMINAL"

// hasTerminal tells whether the process has a terminal and is in its foreground, so that it may hand it on.
func hasTerminal() bool {
	group, err := foreground(os.Stdin)
	return err == nil && group == syscall.Getpgrp()
}

// reclaimTerminal takes the terminal back from a program that has ended.
func reclaimTerminal() {
	// Otherwise a process in the background would be stopped.
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	group := int32(syscall.Getpgrp())
	// It fails if the terminal is gone; then there is nothing to reclaim.
	_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, os.Stdin.Fd(), syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&group)))
}

// foreground returns the process group in the foreground of a terminal.
func foreground(terminal *os.File) (int, error) {
	var group int32
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, terminal.Fd(), syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&group)))
	if errno != 0 {
		return 0, errno
	}
	return int(group), nil
}
