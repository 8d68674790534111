// Package lab is a throw-away world of real libvirt hosts and QEMU guests on one machine, for the demo, the tests and
// the benchmarks.
//
// Every host is a libvirtd in its own network, mount and UTS namespaces, with its own address on a bridge; programs in
// the lab sit on the bridge and reach every host. All hosts have what guests need under the same names: a bridge
// ([Bridge]), a libvirt network ([Network]), a storage pool ([Pool]) and the files in it. A test takes some of it away
// from one host, and [World.Heal] brings it back. The lab is one PID, mount, UTS and network namespace: it touches
// nothing outside, labs do not affect each other, and everything is gone when the lab ends, however it ends. Guests run
// under software emulation, so that the lab works on any Linux machine. That requires QEMU 9.0 or newer: older ones
// lose writes of an emulated guest that is migrated.
//
// Hosts run from the machine's own programs, or from a root tree of another Debian release, which trees/tree.sh makes:
// see [WithReleases].
//
// A package's tests run in a lab by
//
//	//go:build lab
//
//	func TestMain(m *testing.M) { lab.Main(m) }
//
// and reach it with [Current]. The build tag leaves them out of a plain go test ./..., which runs on any machine. Any
// other program runs in a lab by
//
//	go run ./internal/lab/cmd/lab -hosts 2 -- program arguments...
//
// A guest is what its [GuestSpec] says: [Typical] is the guest that people have, a [BusyGuest] dirties memory, a bare
// one is a domain and little else.
//
// The machine needs the packages that setup/setup.sh installs.
package lab
