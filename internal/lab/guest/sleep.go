//go:build linux

package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// sleep puts the guest to sleep (ACPI S3) once, after a time in nanoseconds. It returns when the guest was woken.
func sleep(after int64) {
	time.Sleep(time.Duration(after))
	if err := suspend(); err != nil {
		fmt.Printf("error %v\n", err)
	}
}

func suspend() error {
	if err := syscall.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		return fmt.Errorf("mount /sys: %w", err)
	}
	return os.WriteFile("/sys/power/state", []byte("mem"), 0)
}
