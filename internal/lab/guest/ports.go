//go:build linux && amd64

package main

// Input and output on the CPU's ports, which the thread must be allowed to use (ioperm).

func in8(port uint16) uint8
func in16(port uint16) uint16
func out8(port uint16, value uint8)
func out16(port uint16, value uint16)
