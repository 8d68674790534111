//go:build linux && amd64

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

const (
	// buttonPressed and buttonEnabled are the bit of the power button in the registers PM1 status and PM1 enable (ACPI).
	buttonPressed = 1 << 8
	buttonEnabled = 1 << 8
	// buttonPoll is the time between two looks at them, in nanoseconds.
	buttonPoll = 100_000_000
)

// obey waits until the power button is pressed, and turns the guest off. It calls hears once it would hear that: QEMU
// forgets what was pressed before the button was enabled. The guest's kernel has a driver for the button
// only in a module; without one it takes the event and disables the button, which tells the same.
func obey(hears func()) error {
	defer hears()
	runtime.LockOSThread()
	status, err := pm1Events()
	if err != nil {
		return err
	}
	if _, _, e := syscall.RawSyscall(syscall.SYS_IOPL, 3, 0, 0); e != 0 {
		return fmt.Errorf("iopl: %w", e)
	}
	enable := status + 2
	out16(enable, in16(enable)|buttonEnabled)
	hears()
	for in16(status)&buttonPressed == 0 && in16(enable)&buttonEnabled != 0 {
		sleepUntil(monotonic() + buttonPoll)
	}
	fmt.Println("off")
	return syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

// pm1Events is the port of the register PM1 status, which the machine's firmware has chosen.
func pm1Events() (uint16, error) {
	ports, err := os.ReadFile("/proc/ioports")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(ports)) {
		if first, _, found := strings.Cut(strings.TrimSpace(line), "-"); found && strings.Contains(line, "PM1a_EVT_BLK") {
			port, err := strconv.ParseUint(first, 16, 16)
			return uint16(port), err
		}
	}
	return 0, errors.New("the kernel knows no port of ACPI's events")
}
