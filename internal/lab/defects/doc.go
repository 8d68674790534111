// Package defects plants what keeps a VM from being moved on real libvirt hosts of a lab, and looks whether the checks of a
// plan find it: at the right host and device, with a remedy that works when it is followed. It also looks that they find
// nothing between hosts that are alike, whatever the guest has, and what the checks of one VM cost.
//
// A defect is an entry of a list in one of the files named after what it is about. `make lab` runs those that are marked
// short, and few good pairs; `make defects` runs all, prints them as a table and writes it to a file.
package defects
