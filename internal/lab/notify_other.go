//go:build !linux

package lab

import (
	"errors"
	"os"
)

// notify fails: the lab runs on Linux only. It compiles elsewhere to say so.
func notify(string) (*os.File, error) { return nil, errors.ErrUnsupported }
