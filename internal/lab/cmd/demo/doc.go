// Command demo shows what the provider is for, on two real libvirt hosts that it starts for itself and that are gone
// when it ends: a busy VM whose move does not converge, and how policy on three levels makes it arrive.
//
//	go run ./internal/lab/cmd/demo
//
// Everything is real: the hosts are libvirtd and QEMU, the moves are made by Terraform with the provider of this
// checkout, and the figures are the provider's own and the guest's heartbeat. The exit code is 0 when the story came
// true, 1 when it did not, and 130 after Ctrl-C.
package main
