package migration

import (
	"context"
	"time"
)

// definitionLimit bounds the call that moves a definition, or its four steps: libvirt sends
// a document and writes a file.
const definitionLimit = time.Minute

// checkDefinition looks whether the VM is shut off, and at home on the source.
func (a *Assessment) checkDefinition(r Request) {
	switch {
	case a.source.absent() && a.destination.Known() && a.destination.Err == nil:
		a.AlreadyThere = true
	case a.source.absent(), a.source.Migrated():
		a.passing = true
		a.add(Finding{Check: CheckState, Fact: NotRunning{a.source}, Host: a.source.Host, Err: a.source.Err})
	case a.source.Domain.Active():
		a.add(Finding{Check: CheckState, Fact: NotShutOff{a.source}, Host: a.source.Host})
	case !a.destination.Gone():
		a.add(Finding{Check: CheckOneHome, Fact: TwoHomes{a.outcome(r)}})
	default:
		a.idle = true
	}
}

// moveDefinition moves the definition of a VM that is shut off. It takes a moment and cannot
// be cancelled once begun: half of it would be a definition on both hosts.
func (m *move) moveDefinition(ctx context.Context, a Assessment) (Report, error) {
	if m.Ready != nil {
		prepared, err := m.Ready(ctx)
		if err != nil && ctx.Err() == nil {
			return Report{}, err
		}
		m.Changed = prepared.Changed
	}
	if ctx.Err() != nil {
		return Report{}, m.cancelledEarly()
	}
	m.parameters = m.Parameters(a.source.Domain)
	m.start = time.Now()
	mode, refusal, err := m.sendDefinition()
	m.report.enter(PhaseVerifying, Notice{Kind: NoticeVerifying})
	elapsed := time.Since(m.start)
	source, destination := m.observeDefinition(err)
	moved := destination.Err == nil && (source.absent() || err == nil && source.Defined())
	if !moved {
		return Report{}, &DefinitionError{Failure{
			Course:  Course{Mode: mode, Err: err, Refusal: refusal, Elapsed: elapsed, Policy: m.Policy},
			Outcome: Outcome{UUID: m.UUID, Name: m.Name, Source: source, Destination: destination},
		}}
	}
	r := Report{
		Subject: m.Subject(), Moved: true, Definition: true, State: destination.Domain.State,
		StartedAt: m.start, Duration: elapsed, Mode: mode,
	}
	if refusal != nil {
		r.warn(Warning{Kind: WarningDirect, Err: refusal})
	}
	if source.Defined() {
		//nolint:contextcheck // the move is made, whatever is cancelled now
		r.warn(Warning{Kind: WarningDefinition, Err: m.disableAutostart(m.own)})
	}
	r.Warnings = append(r.Warnings, m.belongings.carry(m.own)...) //nolint:contextcheck // as above
	return r, nil
}

// sendDefinition makes the calls: peer-to-peer, or direct where that is asked for or is the
// only way. refusal is why peer-to-peer was not.
func (m *move) sendDefinition() (mode Mode, refusal, err error) {
	mode = m.firstMode()
	m.report.begin(m.start, Notice{Kind: NoticeDefinition, Mode: mode})
	if mode == PeerToPeer {
		err = order(m.own, definitionLimit, func(ctx context.Context) error {
			return m.Source.MigratePeerToPeer(ctx, m.UUID, m.PeerURI, m.parameters)
		})
		if err == nil || m.Mode != Auto || Lost(err) {
			return mode, nil, err
		}
		if source, destination := m.observe(m.own); !source.Defined() || !destination.absent() {
			return mode, nil, err
		}
		m.report.say(Notice{Kind: NoticeDirect, Err: err})
		mode, refusal = Direct, err
	}
	return mode, refusal, order(m.own, definitionLimit, m.defineDirectly)
}

// defineDirectly makes libvirt's steps of a direct migration, of which an offline one has
// no Perform. The source gives the definition up only after the destination has it. It is not
// told of a changed one: of a VM that does not run it would want the emulator to be there.
func (m *move) defineDirectly(ctx context.Context) error {
	p := m.parameters
	p.Protected, p.Changed = true, Definitions{}
	xml, cookie, err := m.Source.Begin(ctx, m.UUID, p)
	if err != nil {
		return &StepError{m.Source.Name(), StepBegin, err}
	}
	if changed := m.Changed.Running; changed != "" {
		xml = string(changed)
	}
	cookie, err = m.define(ctx, xml, cookie)
	taken := err == nil
	if unsure(err) {
		observing, cancel := context.WithTimeout(m.own, observeDeadline)
		taken = observe(observing, m.Destination, m.UUID).Defined() //nolint:contextcheck // also after ctx has ended
		cancel()
		cookie = nil
	}
	// Confirm also ends the job that Begin has begun.
	ending, cancel := undoing(ctx)
	defer cancel()
	if confirmed := m.Source.Confirm(ending, m.UUID, cookie, p, !taken); confirmed != nil && taken {
		return &StepError{m.Source.Name(), StepConfirm, confirmed}
	}
	if taken {
		return nil
	}
	return err
}

// define makes the destination's steps. libvirt's own clients send no cookie to the second
// one: there was no Perform to make it.
func (m *move) define(ctx context.Context, xml string, cookie []byte) ([]byte, error) {
	if _, _, err := m.Destination.Prepare(ctx, xml, cookie, m.parameters); err != nil {
		return nil, &StepError{m.Destination.Name(), StepPrepare, err}
	}
	cookie, err := m.Destination.Finish(ctx, m.Name, nil, m.parameters, false)
	if err != nil {
		return nil, &StepError{m.Destination.Name(), StepFinish, err}
	}
	return cookie, nil
}

// observeDefinition looks at both hosts until the definition is on one of them only, or long
// enough: libvirt may go on after a call that was lost.
func (m *move) observeDefinition(err error) (source, destination Observation) {
	patience := leftoverPatience
	if Lost(err) {
		patience = verifyLimit
	}
	for deadline := time.Now().Add(patience); ; {
		source, destination = m.observe(m.own)
		settled := source.absent() && destination.Err == nil || !Lost(err) && err != nil && source.Known() &&
			destination.absent()
		if settled || time.Now().After(deadline) {
			return source, destination
		}
		time.Sleep(verifyInterval) // m.own is never cancelled: deadline ends this
	}
}
