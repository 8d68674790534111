package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// memoryPeriod is how often the hosts' figures are renewed.
const memoryPeriod = 50 * time.Millisecond

// LimitMemory gives hosts, by name, memory of their own, in MiB, of which their QEMUs use what they hold. Without it
// each host tells of the machine's, which all of them share. No host keeps its QEMUs from taking more. stop gives all
// of it back.
func (w *World) LimitMemory(ctx context.Context, mib map[string]int) (stop func() error, err error) {
	files := map[string]*os.File{}
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	stop = func() error {
		cancel()
		renewing.Wait()
		var failed error
		for name, file := range files {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
			_, err := capture(ctx, w.Host(name).Command(ctx, "umount", memoryFile))
			failed = errors.Join(failed, err, file.Close())
			cancel()
		}
		return failed
	}
	for name := range mib {
		h := w.Host(name)
		file, err := os.Create(filepath.Join(h.Directory, "meminfo"))
		if err == nil {
			err = writeMemory(file, int64(mib[name])<<20, 0)
		}
		if err == nil {
			_, err = capture(ctx, h.Command(ctx, "mount", "--bind", file.Name(), memoryFile))
		}
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		files[name] = file
	}
	renewing.Go(func() {
		for ticks := time.NewTicker(memoryPeriod); ; {
			used := map[string]int64{}
			for _, p := range w.Processes() {
				used[p.Host] += p.Resident()
			}
			for name, file := range files {
				_ = writeMemory(file, int64(mib[name])<<20, used[name]) // what was written before still holds
			}
			select {
			case <-ctx.Done():
				ticks.Stop()
				return
			case <-ticks.C:
			}
		}
	})
	return stop, nil
}

// memoryFile is where libvirtd reads what memory its host has.
const memoryFile = "/proc/meminfo"

// writeMemory writes what libvirtd reads there, always as many bytes: who reads meanwhile finds all of it.
func writeMemory(file *os.File, total, used int64) error {
	free := max(total-used, 0)
	var text []byte
	for _, line := range []struct {
		name string
		size int64
	}{{"MemTotal", total}, {"MemFree", free}, {"MemAvailable", free}, {"Buffers", 0}, {"Cached", 0}} {
		text = fmt.Appendf(text, "%s: %15d kB\n", line.name, line.size>>10)
	}
	_, err := file.WriteAt(text, 0)
	return err
}
