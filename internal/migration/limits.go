package migration

import "time"

// Deadlines of the engine itself, apart from those of the policy. Figures in
// comments were measured against libvirt 9.0 and QEMU 7.2.
const (
	// probeDeadline bounds the first question to each host.
	probeDeadline = 15 * time.Second
	// callDeadline bounds a single question or order. It exceeds the longest
	// stall seen of an honest daemon: 2.2 s for statistics while the source's
	// QEMU is torn down, 4.6 s behind a burst of slow calls.
	callDeadline = 10 * time.Second
	// lockDeadline bounds calls that may wait for libvirt's job lock, which
	// gives up after 30 s with ErrBusy.
	lockDeadline = 35 * time.Second

	// startLimit is how long a job may take until its first memory figures, and
	// Prepare of a direct one until it answers, as long as the destination does not
	// hold the incoming domain. A peer-to-peer job whose source waits for a destination
	// daemon that accepts and never answers hangs for ever and cannot be cancelled.
	startLimit = time.Minute
	// disksDeadline bounds all questions about single disks that come with one reading of the job.
	disksDeadline = 2 * time.Second
	// heldPatience is how long a question about the job may take before it is asked what
	// libvirt waits for. It exceeds the longest wait of a working QEMU's (2.2 s).
	heldPatience = 3 * time.Second
	// connectLimit is how long libvirt may connect to the destination, when it takes no
	// orders. Linux takes 134 s for each address of a host that drops all packets.
	connectLimit = 10 * time.Minute
	// clockTolerance is how much older than the call that began it a job may seem:
	// its age is by the source's clock, which may be adjusted meanwhile.
	clockTolerance = time.Second
	// finishLimit bounds the start of the guest on the destination and the end
	// of its source, outside post-copy (0.13 s and 2.2 s were seen).
	finishLimit = time.Minute

	// cancelGrace is how long a cancelled job that has not begun to send, or an
	// order to cancel that does not get through, is waited for (1.6 s was seen).
	cancelGrace = 10 * time.Second
	// cleanupGrace is how long a job that was cancelled may take to end. With
	// the link cut, libvirt waits 30 s for the destination before it gives up.
	cleanupGrace = 45 * time.Second
	// mirrorGrace is the same where disks are copied. libvirt waits for QEMU to end its
	// mirrors, and QEMU, even by force, for the destination's answers to what they have
	// sent. Over a link that is cut none comes before the source's kernel gives the
	// connection up: with net.ipv4.tcp_retries2 = 15 at the first retransmission, of those
	// up to 120 s apart, that is due after 924.6 s. Then libvirt cleans up.
	mirrorGrace = 924600*time.Millisecond + 2*time.Minute + cleanupGrace
	// pauseGrace is how long the memory of a paused guest may take to arrive.
	pauseGrace = time.Minute
	// switchGrace is how long libvirt may take to accept the switch to post-copy.
	switchGrace = 30 * time.Second

	// silenceLimit is how long the source may be silent during a migration.
	silenceLimit = 2 * time.Minute
	// desertedLimit is how long the destination of a direct migration may be silent
	// while the guest still runs on the source.
	desertedLimit = 15 * time.Second
	// arrivalLimit is how long a silent source is waited for once the guest was seen
	// to run on the destination.
	arrivalLimit = 45 * time.Second
	// lostCallLimit is how long a call that drives a job may outlive the job: its
	// connection died unnoticed.
	lostCallLimit = 30 * time.Second
	// lateStart is how long after a lost call libvirt may still begin the job.
	lateStart = 5 * time.Second
	// adoptionPatience is how long a job that was found may take to show its
	// incoming domain on the destination.
	adoptionPatience = 5 * time.Second

	// verifyLimit bounds the observation of the VM on both hosts after the end.
	verifyLimit = 30 * time.Second
	// observeDeadline bounds one observation of each host, so that a silent one does not
	// hold up what the other one says.
	observeDeadline = 5 * time.Second
	// heartbeatInterval is the time between two questions whether the destination is
	// there.
	heartbeatInterval = 2 * time.Second
	// verifyInterval is the time between two observations.
	verifyInterval = 250 * time.Millisecond
	// leftoverPatience is how long the source may keep a definition, or a host a
	// paused guest, before it counts as left behind, and how long libvirt on the
	// destination may still hold the migration's job once the guest runs there.
	leftoverPatience = 5 * time.Second

	// eagerPeriod is how long a job is polled at eagerInterval; after that, each
	// pollInterval.
	eagerPeriod   = 3 * time.Second
	eagerInterval = 100 * time.Millisecond
	pollInterval  = 500 * time.Millisecond
	// reportInterval is the time between two readings that are reported.
	reportInterval = 5 * time.Second

	// downtimeWait is the time before a longest pause that could not be set on a
	// running job is set again; it doubles each time, up to downtimeMaxWait.
	downtimeWait    = pollInterval
	downtimeMaxWait = 30 * time.Second

	// shareWait is the time before a share that libvirt did not take is ordered again; it doubles
	// each time, up to shareMaxWait.
	shareWait    = pollInterval
	shareMaxWait = 30 * time.Second
	// shareSpan is how far apart two readings are at least that tell what is sent.
	shareSpan = time.Second

	// idleLink is how long no byte may be sent before the link counts as too
	// doubtful for a switch to post-copy, which loses the VM when it breaks.
	idleLink = 10 * time.Second
	// mirrorRateSpan is over what time the rates of a copy of disks are told, and
	// mirrorRateLeast the shortest that tells them.
	mirrorRateSpan  = 10 * time.Second
	mirrorRateLeast = time.Second
	// stallPasses is the fewest passes over memory a stall is judged on.
	stallPasses = 3
)
