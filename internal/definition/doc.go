// Package definition rewrites the definition of a domain for another host: what its interfaces
// are plugged into, where its consoles listen, the paths of its disks, its emulator and its
// NVRAM file. It edits the text of the XML in place, so that all else stays byte for byte as
// libvirt wrote it. It knows no host and keeps nothing.
package definition
