package rpc_test

import (
	"context"
	"log"
	"net"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Example asks the daemon of this machine for its version.
func Example() {
	ctx := context.Background()
	stream, err := net.Dial("unix", "/var/run/libvirt/libvirt-sock")
	if err != nil {
		log.Fatal(err)
	}
	conn, err := rpc.Open(ctx, stream, "qemu:///system", 15*time.Second) // owns the stream
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx, 5*time.Second)
	version, err := rpc.Call(ctx, conn, 10*time.Second, rpc.Quick, (*libvirt.Libvirt).ConnectGetLibVersion)
	if err != nil {
		log.Panic(err)
	}
	log.Printf("libvirt %d", version)
}
