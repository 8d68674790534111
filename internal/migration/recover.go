package migration

import (
	"context"
	"errors"
	"time"
)

// recover sends the rest of the memory of a post-copy that has lost its link: in the mode that it
// was made in, or, where that is not known, peer-to-peer, and direct where that is refused.
func (m *move) recover(ctx context.Context, a Assessment) ending {
	m.ranBefore = true
	m.domain = a.source.Domain
	mode := m.Mode
	if mode == Auto {
		mode = PeerToPeer
	}
	if mode == PeerToPeer && m.PeerURI == "" { // the hosts may be configured otherwise since
		mode = Direct
		m.report.say(Notice{Kind: NoticeDirect})
	}
	e := m.rejoin(ctx, mode)
	if m.Mode != Auto || mode != PeerToPeer || !m.refusedToRecover(ctx, e) {
		return e
	}
	m.report.say(Notice{Kind: NoticeDirect, Err: e.err})
	refusal := e.err
	e = m.rejoin(ctx, Direct)
	e.refusal = refusal
	return e
}

// rejoin makes the calls, and watches them to their end.
func (m *move) rejoin(ctx context.Context, mode Mode) ending {
	m.join(ctx)
	m.parameters = m.Parameters(m.domain)
	m.start = time.Now()
	m.report.enter(PhasePostCopy, Notice{Kind: NoticeRecovering, Mode: mode})
	w := m.watch(mode)
	w.machine.recover()
	w.runner = m.launch(ctx, mode, m.parameters, w.events)
	return w.run(ctx)
}

// refusedToRecover tells whether libvirt answered that a peer-to-peer recovery failed, and left
// both parts as they were: a direct one may then be tried. That QEMU does not reach QEMU is not for
// libvirt to mend.
func (m *move) refusedToRecover(ctx context.Context, e ending) bool {
	if e.err == nil || e.watched || e.unseen != nil || e.cancelled || Lost(e.err) ||
		errors.Is(e.err, ErrMemoryUnreachable) {
		return false
	}
	source, destination := m.observe(ctx)
	fact, _ := parted(source, destination)
	return fact == nil && ctx.Err() == nil
}

// reconnect recovers a post-copy in libvirt's five steps, as a client that drives it. With
// VIR_MIGRATE_POSTCOPY_RESUME none of them ends, resumes or starts the guest on a host before all of
// its memory is on the destination: whatever fails, both parts are left as they were.
func (r Request) reconnect(ctx context.Context, c *runner, p Parameters) error {
	p.Protected = true
	s := steps{Request: r, runner: c, parameters: p}
	c.postCopy.Store(true)
	begin, cancel := context.WithTimeout(ctx, lockDeadline)
	xml, cookie, err := s.Source.Begin(begin, s.UUID, p)
	cancel()
	if err != nil {
		return &StepError{s.Source.Name(), StepBegin, err}
	}
	prepare, cancel := context.WithTimeout(ctx, finishLimit)
	uri, cookie, err := s.Destination.Prepare(prepare, xml, cookie, p)
	cancel()
	if err != nil {
		return s.giveUp(ctx, &StepError{s.Destination.Name(), StepPrepare, err})
	}
	c.announce(ctx, onCalled)
	cookie, err = s.Source.Perform(ctx, s.UUID, uri, cookie, p)
	if err != nil {
		return s.giveUp(ctx, &StepError{s.Source.Name(), StepPerform, err})
	}
	return s.complete(ctx, cookie)
}

// giveUp tells both hosts that a recovery has failed: each waits for the next one.
func (s steps) giveUp(ctx context.Context, failed *StepError) error {
	_, _ = s.finish(ctx, nil, true) // libvirt there has mostly noticed already, and says so
	return errors.Join(failed, s.confirm(ctx, nil, true))
}
