package migrationtest

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// World is a number of hosts between which domains can move.
type World struct {
	mu     sync.Mutex
	hosts  map[string]*Host
	script Script
	// sent is what the last migration was told.
	sent *migration.Parameters
}

// NewWorld makes a world of hosts with 64 GiB of memory each, libvirt 11.3 and
// QEMU 10.1, in which migrations converge.
func NewWorld(names ...string) *World {
	w := &World{hosts: map[string]*Host{}, script: Converging()}
	for i, name := range names {
		w.hosts[name] = &Host{
			world:   w,
			name:    name,
			domains: map[string]*domain{},
			before:  map[string]Fault{},
			after:   map[string]Fault{},
			Has:     migration.Memory{Total: 64 * GiB, Available: 32 * GiB},
			Is: migration.Identity{
				Hostname:       name + ".example.com",
				HostUUID:       fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1),
				LibvirtVersion: 11003000,
				QEMUVersion:    10001000,
			},
		}
	}
	return w
}

// Host is one host of the world.
func (w *World) Host(name string) *Host { return w.hosts[name] }

// Play sets how migrations go that are started from now on.
func (w *World) Play(s Script) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = s
}

// Sent is what the last migration was told; nil when there was none.
func (w *World) Sent() *migration.Parameters {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// domain is what one host holds of a domain.
type domain struct {
	migration.Domain
	maxDowntime uint64
	speed       Speed
	autostart   migration.Autostart
	checkpoints []migration.Checkpoint
	job         *job
	// occupied is another operation's job; nil when there is none.
	occupied  *Occupation
	completed *migration.Job
	// protected is true for a domain whose job Begin has begun.
	protected bool
	// ranBefore is whether the guest of a migration was not paused when that began.
	ranBefore bool
	// fetched is closed when a direct migration's post-copy has ended here.
	fetched chan struct{}
}

// busy tells whether a job runs that blocks changes of what the host keeps of the domain.
func (d *domain) busy() bool {
	return d.job != nil || d.occupied != nil || d.State == migration.StateIncoming || d.State == migration.StatePostCopy
}

// set changes what the domain does, and why.
func (d *domain) set(state migration.DomainState, reason migration.Reason) {
	d.State, d.Reason = state, reason
}

func live(d migration.Domain) bool {
	return d.State == migration.StateRunning || d.State == migration.StateAsleep
}

// job is a migration that runs.
type job struct {
	world               *World
	script              Script
	uuid                string
	source, destination *Host
	parameters          migration.Parameters
	direct              bool
	start               time.Time
	postCopy, aborted   bool
	// cache is the size of the XBZRLE cache, in bytes.
	cache uint64
	end   *time.Timer
	// connected is closed once libvirt holds the domain's job no longer.
	connected chan struct{}
	// done is closed at the end, after err was set.
	done chan struct{}
	err  error
}

// diskCopy is how far the copy of a disk has got: one disk is copied after the other.
func (j *job) diskCopy(target string) migration.DiskCopy {
	read := migration.DiskCopy{Target: target}
	if j.parameters.Storage == nil {
		return read
	}
	copied := j.reading().DiskProcessed
	for _, disk := range j.parameters.Storage.Disks {
		if disk.Target == target {
			read.Total, read.Copied = disk.Bytes, min(disk.Bytes, copied)
			return read
		}
		copied -= min(disk.Bytes, copied)
	}
	return read
}

// begin starts a migration. The world is locked.
func (w *World) begin(uuid string, source, destination *Host, p migration.Parameters, direct bool) (*job, error) {
	d := source.domains[uuid]
	if d == nil {
		return nil, migration.ErrNoDomain
	}
	if !d.Active() {
		return nil, migration.ErrNotActive
	}
	if d.job != nil {
		return nil, fmt.Errorf("another migration job is already running: %w", migration.ErrBusy)
	}
	w.sent = &p
	j := &job{
		world: w, script: w.script, uuid: uuid, source: source, destination: destination, parameters: p,
		direct: direct, start: time.Now(),
		connected: make(chan struct{}), done: make(chan struct{}),
	}
	d.job = j
	d.ranBefore = live(d.Domain)
	if j.script.MutePeer {
		close(j.connected)
		if j.script.Err != nil {
			j.endIn(j.script.Starting, j.sentAll)
		}
		return j, nil
	}
	if !direct {
		j.receive(d.Domain)
	}
	if j.script.Connecting > 0 {
		time.AfterFunc(j.script.Connecting, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if j.script.Unconnected != nil && !j.over() {
				j.fail(j.script.Unconnected)
			}
			close(j.connected)
		})
	} else {
		close(j.connected)
	}
	if !j.script.Endless && j.script.IdleAfter == 0 && j.script.Unconnected == nil {
		j.endIn(j.script.lasts(), j.sentAll)
	}
	return j, nil
}

// receive makes the destination hold the incoming domain.
func (j *job) receive(d migration.Domain) {
	ran := live(d)
	before := j.destination.domains[j.uuid]
	d.State, d.Reason, d.Persistent = migration.StateIncoming, migration.ReasonUnknown, false
	incoming := &domain{Domain: d, ranBefore: ran}
	if before != nil {
		incoming.autostart = before.autostart
	}
	j.destination.domains[j.uuid] = incoming
}

// endIn schedules how the job ends, instead of any way it would have ended.
func (j *job) endIn(after time.Duration, how func()) {
	if j.end != nil {
		j.end.Stop()
	}
	j.end = time.AfterFunc(after, func() {
		j.world.mu.Lock()
		defer j.world.mu.Unlock()
		if !j.over() {
			how()
		}
	})
}

func (j *job) over() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// sentAll is the end of the passes.
func (j *job) sentAll() {
	switch {
	case j.script.Err != nil:
		j.fail(j.script.Err)
	case j.direct:
		here := j.source.domains[j.uuid]
		if here.State == migration.StateRunning {
			here.set(migration.StatePaused, migration.ReasonMigration)
		}
		j.finish(nil)
	default:
		j.arrive()
	}
}

// arrive makes the destination the domain's home.
func (j *job) arrive() {
	completed := j.reading()
	completed.Type, completed.Operation = migration.JobCompleted, migration.OperationMigrationIn
	completed.Downtime = j.script.Downtime
	j.startHere(completed)
	j.leave()
	j.finish(nil)
}

func (j *job) startHere(completed migration.Job) {
	there := j.destination.domains[j.uuid]
	if there == nil {
		return
	}
	switch {
	case !there.ranBefore, j.parameters.Paused:
		there.set(migration.StatePaused, migration.ReasonUser)
	case j.script.ArrivePaused:
		there.set(migration.StatePaused, j.script.Reason)
	default: // one that is asleep, too, is running for libvirt
		there.set(migration.StateRunning, migration.ReasonUnknown)
	}
	there.Persistent = j.parameters.Persistent && !j.script.ForgetDefinition
	there.completed = &completed
}

// leave makes the source give the domain up.
func (j *job) leave() {
	here := j.source.domains[j.uuid]
	if here == nil {
		return
	}
	if j.script.KeepDefinition || here.Persistent && !j.parameters.Persistent {
		here.set(migration.StateShutOff, migration.ReasonMigrated)
		here.job = nil
		return
	}
	delete(j.source.domains, j.uuid)
}

// fail leaves the domain on the source.
func (j *job) fail(err error) {
	if here := j.source.domains[j.uuid]; here != nil && here.Active() {
		if j.script.LeavePaused && here.State == migration.StateRunning {
			here.set(migration.StatePaused, j.script.Reason)
		}
	}
	if there := j.destination.domains[j.uuid]; there != nil && there.State == migration.StateIncoming && !j.direct {
		delete(j.destination.domains, j.uuid)
	}
	j.finish(err)
}

// postCopyFails leaves a part of the memory on each host.
func (j *job) postCopyFails() {
	for _, h := range []*Host{j.source, j.destination} {
		if d := h.domains[j.uuid]; d != nil {
			d.State = migration.StatePostCopyFailed
		}
	}
	j.finish(j.script.PostCopyErr)
}

// finish ends the job. A direct one that was sent keeps it until Confirm.
func (j *job) finish(err error) {
	if j.over() {
		return
	}
	j.err = err
	if d := j.source.domains[j.uuid]; d != nil && d.job == j {
		d.job = nil
	}
	if j.end != nil {
		j.end.Stop()
	}
	close(j.done)
}

func (j *job) reading() migration.Job {
	job := j.script.reading(time.Since(j.start))
	if j.postCopy && !j.script.QuietPostCopy {
		job.PostCopyRequests = 11
	}
	if j.parameters.Compression() {
		job.CompressionPages = new(j.script.CompressionPages)
		job.CompressionCacheMisses = new(j.script.CompressionCacheMisses)
		if j.script.MissesPerPass > 0 { // of so many pages in each pass as well
			job.CompressionPages = new(int64(job.Iteration) * j.script.MissesPerPass)
			job.CompressionCacheMisses = new(int64(job.Iteration) * j.script.MissesPerPass)
		}
		job.CompressionCache = cmp.Or(j.cache, qemuCache)
	}
	return job
}

// qemuCache is the size that QEMU gives the XBZRLE cache by itself.
const qemuCache = 64 * MiB

// errKilled is what a migration fails with whose QEMU has died.
var errKilled = errors.New("operation failed: domain is not running")
