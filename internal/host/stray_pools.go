package host

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// strayPools are pools of HasPath that libvirt has made, or may have made, and that are to be
// destroyed. It is safe for concurrent use, and its zero value is ready for use.
type strayPools struct {
	mu  sync.Mutex
	all map[string]libvirt.StoragePool // by name
}

// keep notes a pool.
func (s *strayPools) keep(p libvirt.StoragePool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]libvirt.StoragePool{}
	}
	s.all[p.Name] = p
}

// names are those of the pools that are left.
func (s *strayPools) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.all))
}

// destroy destroys them, and keeps those that it cannot. They are transient: nothing on storage
// goes with them. The error is the first.
func (s *strayPools) destroy(lv *libvirt.Libvirt) error {
	s.mu.Lock()
	pools := slices.Collect(maps.Values(s.all))
	s.mu.Unlock()
	var first error
	for _, p := range pools {
		err := lv.StoragePoolDestroy(p)
		if a := rpc.AnswerOf(err); a != nil && libvirt.ErrorNumber(a.Answer.Code) == libvirt.ErrNoStoragePool {
			err = nil
		}
		if err == nil {
			s.mu.Lock()
			delete(s.all, p.Name)
			s.mu.Unlock()
		} else if first == nil {
			first = err
		}
	}
	return first
}

// destroyStrays destroys them before the host is closed. The error names those that are left.
func (h *Host) destroyStrays() error {
	if len(h.strays.names()) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), h.deadlines.Close)
	defer cancel()
	_, err := invoke(ctx, h, h.deadlines.Close, rpc.Quick, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, h.strays.destroy(lv)
	})
	left := h.strays.names()
	if len(left) == 0 {
		return nil
	}
	return &Error{
		Host: h.cfg.Name, Op: "destroy what a question has left", cause: err,
		Message: fmt.Sprintf("libvirt keeps the storage pools %s: %v. `virsh pool-destroy POOL` on %s ends each",
			strings.Join(left, ", "), err, h.cfg.Name),
	}
}
