package migration

import (
	"context"
	"errors"
)

// Autostart is when a host's libvirt starts a domain by itself.
type Autostart struct {
	// Always is at every start of the host (virDomainSetAutostart), Once at the next one
	// (virDomainSetAutostartOnce, libvirt 11.2).
	Always, Once bool
}

// Off tells whether it does not start it.
func (a Autostart) Off() bool { return a == Autostart{} }

// autostart carries to the destination whether a VM starts with its host: libvirt keeps
// that per host, and forgets it when it migrates a domain.
type autostart struct {
	request Request
	// was is what the source said before the migration, unread why it did not say.
	was    Autostart
	unread error
}

// LostAutostart is autostart that was not carried to the destination.
type LostAutostart struct {
	// Was is what it was on the source. Unread is why that did not say; nil when it did.
	Was    Autostart
	Unread error
	// Err is why the destination was not seen to take it; nil when it was not told to,
	// because it was not seen to have the VM.
	Err error
}

// readAutostart asks the source, before the migration or while it runs. It is nil for a
// domain that is not persistent, which cannot have it.
func (r Request) readAutostart(ctx context.Context, d Domain) *autostart {
	if !d.Persistent {
		return nil
	}
	a := &autostart{request: r}
	a.was, a.unread = askAutostart(ctx, r.Source, r.UUID)
	return a
}

func askAutostart(ctx context.Context, host Host, uuid string) (Autostart, error) {
	return ask(ctx, callDeadline, func(ctx context.Context) (Autostart, error) { return host.Autostart(ctx, uuid) })
}

// carry gives the destination, which has the VM now, what the source had. It returns nil
// when that is done.
func (a *autostart) carry(ctx context.Context) *LostAutostart {
	if a == nil {
		return nil
	}
	there, err := askAutostart(ctx, a.request.Destination, a.request.UUID)
	switch {
	case a.unread != nil && err == nil && !there.Off():
		return nil // it was on, or the VM had an older definition there
	case a.unread != nil:
		return &LostAutostart{Unread: a.unread}
	case err == nil && there != a.was:
		err = setAutostart(ctx, a.request.Destination, a.request.UUID, a.was)
	case err != nil && a.was.Off():
		return nil // as it is for a domain that has just come
	}
	if err != nil {
		return &LostAutostart{Was: a.was, Err: err}
	}
	return nil
}

// left is what is lost where the VM was not seen on either host.
func (a *autostart) left() *LostAutostart {
	if a == nil || a.was.Off() {
		return nil
	}
	return &LostAutostart{Was: a.was}
}

// disableAutostart keeps the source from starting a definition that it has kept.
func (r Request) disableAutostart(ctx context.Context) error {
	on, err := askAutostart(ctx, r.Source, r.UUID)
	if errors.Is(err, ErrNoDomain) || err == nil && on.Off() {
		return nil
	}
	if err != nil {
		return err
	}
	return setAutostart(ctx, r.Source, r.UUID, Autostart{})
}

func setAutostart(ctx context.Context, host Host, uuid string, a Autostart) error {
	return restore(ctx, func(ctx context.Context) error { return host.SetAutostart(ctx, uuid, a) })
}
