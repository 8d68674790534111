package preflight

import (
	"context"
	"fmt"
	"path"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// refreshDeadline bounds how long pools are given to look for their volumes, before the checks of a move. libvirt
// opens each volume for that: of a pool on a slow server with many, it takes longer than all checks.
const refreshDeadline = time.Minute

// RefreshError is a storage pool whose list of volumes, and free space, may be old.
type RefreshError struct {
	Host, Pool string
	// Limit is how long it was given.
	Limit time.Duration
	// Err is the host's error.
	Err error
}

func (e *RefreshError) Error() string {
	if reason(e.Err) == Late {
		return fmt.Sprintf("the storage pool %s on %s did not list its volumes anew within %v", e.Pool, e.Host, e.Limit)
	}
	return fmt.Sprintf("the storage pool %s on %s did not list its volumes anew: %v", e.Pool, e.Host, e.Err)
}

func (e *RefreshError) Unwrap() error { return e.Err }

// oldLists are the pools that did not list their volumes anew, by host and name.
type oldLists map[[2]string]error

// of is why a pool of a host may not list what it has; nil where it does.
func (o oldLists) of(h Host, pool *storage.Pool) error {
	if pool == nil {
		return nil
	}
	return o[[2]string{h.Name(), pool.Name}]
}

// refreshPools has the pools of the VM's disks list their volumes anew: before the start of a move, and where one
// does not list what the definition names. The checks go by their lists.
func (s *scope) refreshPools(ctx context.Context) oldLists {
	ctx, cancel := context.WithTimeout(ctx, refreshDeadline)
	defer cancel()
	pools := s.stalePools(ctx)
	failures := make([]error, len(pools))
	var all sync.WaitGroup
	for i, p := range pools {
		all.Go(func() {
			if err := p.host.RefreshPool(ctx, p.Pool); err != nil {
				failures[i] = &RefreshError{p.host.Name(), p.Name, refreshDeadline, err}
			}
		})
	}
	all.Wait()
	failed := oldLists{}
	for i, p := range pools {
		if failures[i] != nil {
			failed[[2]string{p.host.Name(), p.Name}] = failures[i]
		}
	}
	return failed
}

// hostPool is a pool of a host.
type hostPool struct {
	storage.Pool

	host Host
}

// stalePools are the active pools that are to list their volumes anew.
func (s *scope) stalePools(ctx context.Context) []hostPool {
	here, _ := s.Source.Pools(ctx)
	there, _ := s.Destination.Pools(ctx)
	var stale []hostPool
	known := map[[2]string]bool{}
	add := func(h Host, pool *storage.Pool) {
		if pool == nil || !pool.Active || known[[2]string{h.Name(), pool.Name}] {
			return
		}
		known[[2]string{h.Name(), pool.Name}] = true
		stale = append(stale, hostPool{*pool, h})
	}
	for _, d := range s.guest.Disks {
		p := s.place(d, here, there)
		if d.fixed() || d.Protocol != "" || p.path == "" || !s.concerns(p) {
			continue
		}
		if s.Fresh || s.unlisted(ctx, s.Destination, p.path) {
			add(s.Destination, p.pool)
		}
		if s.unlisted(ctx, s.Source, p.origin) { // by the source's list, too, two files may be proved to be one
			add(s.Source, p.own)
		}
		if s.copyMode() != policy.CopyIncremental {
			continue
		}
		for _, layer := range s.onSource(d).Chain.Paths() {
			if s.Fresh || s.unlisted(ctx, s.Source, layer) {
				add(s.Source, poolOf(here, Disk{Path: layer}))
			}
			if s.Fresh || s.unlisted(ctx, s.Destination, layer) {
				add(s.Destination, poolOf(there, Disk{Path: layer}))
			}
		}
	}
	return stale
}

// unlisted tells whether a host has a path, and no list of its pools does.
func (s *scope) unlisted(ctx context.Context, h Host, file string) bool {
	if !path.IsAbs(file) {
		return false
	}
	presence, err := h.PathInPools(ctx, file)
	if err != nil || presence != NotListed || !s.Thorough {
		return false
	}
	there, err := h.HasPath(ctx, file)
	return err == nil && there
}
