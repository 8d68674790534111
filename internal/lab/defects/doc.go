// Package defects plants what keeps a VM from being moved on real libvirt hosts of a lab, and looks whether the checks
// of a plan find it: at the right host and device, with a remedy that works when it is followed. It also looks that
// they find nothing between hosts that are alike, whatever the guest has, and what the checks of one VM cost.
//
// What no check can find, because libvirt has no question for it, is planted, too: there the move itself has to tell
// it, of the right host, and with a remedy that works.
//
// A defect is an entry of a list in one of the files named after what it is about. `make lab` runs those that are
// marked short, and few good pairs; `make defects` runs all, prints them as tables and writes these to a file. What
// cannot be planted in the lab stands in RESULTS.md.
package defects
