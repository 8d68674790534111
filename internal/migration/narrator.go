package migration

import (
	"slices"
	"time"
)

// phases is the order in which a move goes through them.
var phases = []Phase{PhaseStarting, PhasePreCopy, PhasePaused, PhasePostCopy, PhaseCancelling, PhaseVerifying}

// narrator tells the caller how a move goes on. It is used by one goroutine.
type narrator struct {
	report func(Progress)
	start  time.Time
	now    Progress
	told   time.Time
}

func newNarrator(move Subject, report func(Progress)) *narrator {
	if report == nil {
		report = func(Progress) {}
	}
	return &narrator{report: report, start: time.Now(), now: Progress{Subject: move, Phase: PhaseStarting}}
}

// enter goes on to a phase, never back, and says why.
func (n *narrator) enter(phase Phase, notice Notice) {
	if slices.Index(phases, phase) > slices.Index(phases, n.now.Phase) {
		n.now.Phase = phase
	}
	n.say(notice)
}

// say tells what has just happened.
func (n *narrator) say(notice Notice) {
	n.now.Notice = notice
	n.emit()
	n.now.Notice = Notice{}
}

// reading takes what the running job says, and tells it when that is due.
func (n *narrator) reading(job Job, t trend) {
	n.now.reading(job, t)
	if n.now.Phase == PhaseStarting {
		n.enter(PhasePreCopy, Notice{Kind: NoticeSending})
		return
	}
	if time.Since(n.told) >= reportInterval {
		n.emit()
	}
}

func (n *narrator) emit() {
	n.told = time.Now()
	n.now.Elapsed = n.told.Sub(n.start)
	n.report(n.now)
}
