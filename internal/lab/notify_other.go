//go:build !linux

package lab

import (
	"errors"
	"os"
)

// notify fails: the lab runs on Linux only, and compiles elsewhere so that it can say so.
func notify(string) (*os.File, error) { return nil, errors.ErrUnsupported }
